#include "trainer/task/batches.h"

#include <algorithm>
#include <numeric>

namespace fp4::trainer {

Batches::Batches(const spec::RunSpec& run, const Dataset& dataset, at::Device device)
    : training_(run.training),
      dataset_(dataset),
      order_(dataset.num_windows(Part::kTraining), run.data.shuffle, run.seed),
      device_(device) {}

Batch Batches::Training(int64_t step, int64_t micro_batch) const {
  std::vector<int64_t> windows(training_.micro_batch_size);
  int64_t first =
      ((step - 1) * training_.gradient_accumulation + micro_batch) * training_.micro_batch_size;
  for (size_t b = 0; b < windows.size(); ++b)
    windows[b] = order_.At(first + static_cast<int64_t>(b));
  return Read(Part::kTraining, windows);
}

Batch Batches::Validation(int64_t begin, int64_t count) const {
  std::vector<int64_t> windows(count);
  std::iota(windows.begin(), windows.end(), begin);
  return Read(Part::kValidation, windows);
}

int64_t Batches::num_validation_windows() const {
  int64_t all = dataset_.num_windows(Part::kValidation);
  return training_.eval_batches == 0
             ? all
             : std::min(all, training_.eval_batches * training_.micro_batch_size);
}

Batch Batches::Read(Part part, const std::vector<int64_t>& windows) const {
  const int64_t length = dataset_.sequence_length();
  at::Tensor tokens = at::empty({static_cast<int64_t>(windows.size()), length + 1}, at::kLong);
  auto* ids = tokens.mutable_data_ptr<int64_t>();
  for (int64_t window : windows) {
    dataset_.CopyWindow(part, window, {ids, static_cast<size_t>(length + 1)});
    ids += length + 1;
  }
  return {tokens.narrow(1, 0, length).contiguous().to(device_),
          tokens.narrow(1, 1, length).contiguous().to(device_)};
}

}  // namespace fp4::trainer
