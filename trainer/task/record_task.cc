#include "trainer/task/record_task.h"

#include <algorithm>
#include <numeric>

namespace fp4::trainer {

RecordTask::RecordTask(const spec::RunSpec& run, const OpenedData& data)
    : training_(run.training),
      micro_batches_per_step_(run.micro_batches_per_step()),
      data_(data),
      order_(data.num_records(Part::kTraining), run.data.shuffle, run.seed) {}

Batch RecordTask::Training(int64_t step, int64_t micro_batch) const {
  std::vector<int64_t> records(static_cast<size_t>(training_.micro_batch_size));
  const int64_t first =
      ((step - 1) * micro_batches_per_step_ + micro_batch) * training_.micro_batch_size;
  for (size_t b = 0; b < records.size(); ++b)
    records[b] = order_.At(first + static_cast<int64_t>(b));
  return Read(Part::kTraining, records);
}

Batch RecordTask::Validation(int64_t begin, int64_t count) const {
  std::vector<int64_t> records(static_cast<size_t>(count));
  std::iota(records.begin(), records.end(), begin);
  return Read(Part::kValidation, records);
}

int64_t RecordTask::num_validation_records() const {
  const int64_t all = data_.num_records(Part::kValidation);
  return training_.eval_batches == 0
             ? all
             : std::min(all, training_.eval_batches * training_.micro_batch_size);
}

}  // namespace fp4::trainer
