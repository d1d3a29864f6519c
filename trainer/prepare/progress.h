#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "trainer/prepare/documents.h"
#include "trainer/prepare/journal.h"
#include "trainer/prepare/prepare.h"

namespace fp4::trainer {

// Says how far fp4-train prepare has come: on a terminal in a line that is written over, elsewhere
// in a line for each finished file. Not thread-safe.
class PrepareProgress {
 public:
  PrepareProgress(const Clock& clock, const PrepareOutput& output)
      : clock_(clock), output_(output) {}

  // "training a tokenizer"
  void Say(std::string_view what);

  // Before the first document: `parts` are finished already.
  absl::Status Begin(const std::vector<DocumentFile>& files,
                     const std::vector<PreparedPart>& parts);

  void Document(const DocumentPlace& end, int64_t tokens);
  void PartDone(const PreparedPart& part);

 private:
  int64_t BytesBefore(const DocumentPlace& place) const;
  void Line(const DocumentPlace& end);

  const Clock& clock_;
  const PrepareOutput& output_;
  std::vector<int64_t> starts_;  // bytes of all files before each, and of all
  int64_t first_bytes_ = 0;      // of the input, done before this program began
  int64_t tokens_ = 0;
  absl::Duration begun_, shown_;
};

}  // namespace fp4::trainer
