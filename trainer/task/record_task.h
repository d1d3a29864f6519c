#pragma once

#include <span>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/data/window_order.h"
#include "trainer/task/task.h"

namespace fp4::trainer {

// What tasks over numbered records share: which records a micro-batch and an evaluation take, and
// what is told of the data.
class RecordTask : public Task {
 public:
  Batch Training(int64_t step, int64_t micro_batch) const override;
  Batch Validation(int64_t begin, int64_t count) const override;
  int64_t num_validation_records() const override;
  absl::Status CheckData() const override { return data_.CheckUnchanged(); }
  std::string data_sha256() const override { return data_.sha256(); }
  std::vector<std::string> warnings() const override { return data_.warnings(); }
  std::vector<std::string> facts() const override { return {}; }

 protected:
  // `data` outlives this; the derived task owns it.
  RecordTask(const spec::RunSpec& run, const OpenedData& data);

  // The records of a part as a batch on the device.
  virtual Batch Read(Part part, std::span<const int64_t> records) const = 0;

 private:
  const spec::TrainingSpec training_;
  const int64_t micro_batches_per_step_;
  const OpenedData& data_;
  const WindowOrder order_;
};

}  // namespace fp4::trainer
