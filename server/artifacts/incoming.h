// One checkpoint on its way in: the file that grows, and its digest so far.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/sha256.h"

namespace fp4::artifacts {

// Not thread-safe.
class Incoming {
 public:
  // Goes on with what `part` holds, or begins it. A part that is longer than `bytes` begins anew.
  static absl::StatusOr<std::unique_ptr<Incoming>> Open(std::filesystem::path part, int64_t bytes,
                                                        std::string sha256);

  const std::filesystem::path& part() const { return part_; }
  int64_t size() const { return size_; }
  bool complete() const { return size_ == bytes_; }

  // Writes at the end; no more than the state has.
  absl::Status Append(std::string_view data);
  // Syncs the file. DATA_LOSS CORRUPT_CHECKPOINT: it has another digest than was told; the part is
  // removed then.
  absl::Status Seal();

 private:
  Incoming(std::filesystem::path part, int64_t bytes, std::string sha256)
      : part_(std::move(part)), bytes_(bytes), sha256_(std::move(sha256)) {}
  absl::Status OpenFile();
  absl::Status ReadBack();

  const std::filesystem::path part_;
  const int64_t bytes_;
  const std::string sha256_;
  UniqueFd fd_;
  int64_t size_ = 0;
  std::unique_ptr<Sha256> digest_;
};

// A whole state that somebody else has put there: synced, and read. It is never written to, for it
// may be another name of the file that the trainer has. DATA_LOSS CORRUPT_CHECKPOINT: it has
// another size or digest than was told.
absl::Status CheckPlaced(const std::filesystem::path& file, int64_t bytes,
                         const std::string& sha256);

}  // namespace fp4::artifacts
