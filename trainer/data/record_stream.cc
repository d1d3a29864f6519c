#include "trainer/data/record_stream.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

static_assert(std::endian::native == std::endian::little, "fp32 rows are read as they are");

absl::Status ReadValues(const RecordRun& run, int64_t record, std::span<float> values) {
  const int64_t offset = run.offset + record * run.stride;
  if (run.element == RecordRun::Element::kFp32)
    return run.file->Read(offset, std::as_writable_bytes(values));
  std::vector<std::byte> bytes(values.size());
  FP4_RETURN_IF_ERROR(run.file->Read(offset, bytes));
  std::ranges::transform(bytes, values.begin(),
                         [](std::byte byte) { return static_cast<float>(byte) / 255.0F; });
  return absl::OkStatus();
}

}  // namespace

RecordStream::RecordStream(std::vector<RecordRun> runs) : runs_(std::move(runs)) {
  int64_t end = 0;
  for (const RecordRun& run : runs_) {
    end += run.count;
    ends_.push_back(end);
  }
}

absl::StatusOr<int64_t> RecordStream::Copy(int64_t index, std::span<float> values) const {
  const auto at = static_cast<size_t>(std::ranges::upper_bound(ends_, index) - ends_.begin());
  const RecordRun& run = runs_[at];
  const int64_t record = index - (ends_[at] - run.count);
  FP4_RETURN_IF_ERROR(ReadValues(run, record, values));
  if (run.label_file == nullptr) return 0;
  std::byte label;
  FP4_RETURN_IF_ERROR(
      run.label_file->Read(run.label_offset + record * run.label_stride, {&label, 1}));
  return static_cast<int64_t>(label);
}

}  // namespace fp4::trainer
