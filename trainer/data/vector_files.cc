#include "trainer/data/vector_files.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr int64_t kValueBytes = sizeof(float);
constexpr std::string_view kNumpy = "\x93NUMPY";

absl::Status CheckIsRaw(const DataFile& file) {
  std::string head(static_cast<size_t>(std::min<int64_t>(file.size(), kNumpy.size())), '\0');
  FP4_RETURN_IF_ERROR(file.Read(0, std::as_writable_bytes(std::span(head))));
  if (head != kNumpy) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(file.path().string(),
                   ": is a NumPy file with a header; raw values are expected, as "
                   "array.astype('<f4').tofile(path) writes them"));
}

absl::Status CheckSize(const DataFile& file, int64_t width) {
  const int64_t row = width * kValueBytes;
  if (file.size() > 0 && file.size() % row == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      file.path().string(),
      file.size() == 0 ? ": is empty" : absl::StrCat(": has ", file.size(), " bytes"),
      "; a row of ", width, " fp32 values, the width of model.layer_sizes, takes ", row));
}

absl::Status CheckValues(const DataFile& file, int64_t width, const StopCheck& stop) {
  int64_t first = 0;  // of the piece, in values
  return file.Scan(0, stop, [&](std::string_view piece) -> absl::Status {
    const auto count = static_cast<int64_t>(piece.size()) / kValueBytes;
    for (int64_t i = 0; i < count; ++i) {
      float value;
      std::memcpy(&value, piece.data() + i * kValueBytes, sizeof value);
      if (std::isfinite(value)) continue;
      const int64_t at = first + i;
      return absl::InvalidArgumentError(absl::StrCat(file.path().string(), ": value ", at % width,
                                                     " of row ", at / width, " (byte ",
                                                     at * kValueBytes, ") is ", value));
    }
    first += count;
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<std::vector<RecordRun>> FindVectors(std::span<const std::unique_ptr<DataFile>> files,
                                                   int64_t width, const StopCheck& stop) {
  std::vector<RecordRun> runs;
  for (const auto& file : files) {
    FP4_RETURN_IF_ERROR(CheckIsRaw(*file));
    FP4_RETURN_IF_ERROR(CheckSize(*file, width));
    FP4_RETURN_IF_ERROR(CheckValues(*file, width, stop));
    runs.push_back({.element = RecordRun::Element::kFp32,
                    .file = file.get(),
                    .stride = width * kValueBytes,
                    .count = file->size() / (width * kValueBytes)});
  }
  return runs;
}

}  // namespace fp4::trainer
