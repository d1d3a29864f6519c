// Raw rows of little-endian fp32 values.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/stop_check.h"
#include "trainer/data/record_stream.h"

namespace fp4::trainer {

// The rows of `files`, of `width` values each, in the order of the files. Reads all of them.
// INVALID_ARGUMENT names the file: empty, no whole number of rows, a NumPy file with its header, a
// value that is not finite with its place. CANCELLED: `stop` asked for it.
absl::StatusOr<std::vector<RecordRun>> FindVectors(std::span<const std::unique_ptr<DataFile>> files,
                                                   int64_t width, const StopCheck& stop);

}  // namespace fp4::trainer
