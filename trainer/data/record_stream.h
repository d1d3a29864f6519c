#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "trainer/data/data_file.h"

namespace fp4::trainer {

// Records of equal size that lie one after another in a file, and their classes, in the same file
// or another. The files live as long as whoever opened them says.
struct RecordRun {
  enum class Element : uint8_t {
    kByte,  // stands for byte / 255
    kFp32,  // little-endian
  };
  Element element = Element::kByte;
  const DataFile* file = nullptr;
  int64_t offset = 0;  // of the first record's values, in bytes
  int64_t stride = 0;  // from one record's values to the next one's
  int64_t count = 0;   // records
  // Classes, one byte each; null: the records have none.
  const DataFile* label_file = nullptr;
  int64_t label_offset = 0, label_stride = 1;
};

// Runs of records one after the other. Immutable, thread-safe.
class RecordStream {
 public:
  RecordStream() = default;
  explicit RecordStream(std::vector<RecordRun> runs);

  int64_t size() const { return ends_.empty() ? 0 : ends_.back(); }

  // Fills `values` with record `index` and returns its class, 0 where it has none. The errors are
  // those of DataFile::Read.
  absl::StatusOr<int64_t> Copy(int64_t index, std::span<float> values) const;

 private:
  std::vector<RecordRun> runs_;
  std::vector<int64_t> ends_;  // where each run ends
};

}  // namespace fp4::trainer
