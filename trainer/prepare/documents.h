#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/stop_check.h"
#include "trainer/data/data_file.h"

namespace fp4::trainer {

// A file of documents: the whole of it one text, or an object of JSON on each line.
struct DocumentFile {
  enum class Form : uint8_t { kText, kJsonLines };
  std::string path;
  Form form = Form::kText;
};

// By the name: .jsonl, .ndjson and .json hold lines of JSON.
DocumentFile::Form FormOf(std::string_view path);

// Between two documents: `offset` bytes and `line` lines into file number `file`.
struct DocumentPlace {
  int64_t file = 0, offset = 0, line = 0;
  bool operator==(const DocumentPlace&) const = default;
};

// Reads documents one by one, in the order of the files; holds one of them. What it gives is UTF-8.
// Not thread-safe.
class DocumentReader {
 public:
  // `field`: of JSON lines, the member that is the text. Begins at `from`, a place that another
  // reader of the same files has had.
  DocumentReader(std::vector<DocumentFile> files, std::string field, DocumentPlace from = {});

  // Nothing: that was the last. Blank lines of JSON lines are passed over. Errors name the file and
  // the line, from 1: INVALID_ARGUMENT, what is not UTF-8, no JSON, or has no text in the field;
  // those of DataFile, ABORTED among them where a file changed; CANCELLED.
  absl::StatusOr<std::optional<std::string>> Next(const StopCheck& stop);

  // Behind the last document.
  const DocumentPlace& place() const { return place_; }
  // The file that a place is in, with its line where it has lines: for messages.
  std::string PathOf(const DocumentPlace& place) const;

  // ABORTED: the file that is open was changed while it was read.
  absl::Status CheckUnchanged() const;

 private:
  absl::StatusOr<std::optional<std::string>> NextIn(const DocumentFile& file,
                                                    const StopCheck& stop);
  absl::StatusOr<std::string> ReadWhole(const StopCheck& stop);
  // False: the buffer holds the end of the file already.
  absl::StatusOr<bool> ReadMore(const StopCheck& stop);
  // A line without its end; nothing at the end of the file.
  absl::StatusOr<std::optional<std::string>> ReadLine(const StopCheck& stop);

  const std::vector<DocumentFile> files_;
  const std::string field_;
  DocumentPlace place_;
  std::unique_ptr<DataFile> open_;  // files_[place_.file]; null: not begun
  std::string buffer_;              // of the open file;
  size_t begin_ = 0;                // its byte here is the one at place_.offset
};

}  // namespace fp4::trainer
