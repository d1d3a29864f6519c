// What a run learns from: records of data as batches, and what is told of the losses. The
// document's data.source decides; a task is a file of this folder and a row of the table in
// make_task.cc.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "spec/run_spec.h"
#include "trainer/data/dataset.h"
#include "trainer/measure/metric_values.h"
#include "trainer/model/model.h"

namespace fp4::trainer {

// What an evaluation adds up over its records.
struct ValidationSums {
  int64_t num_records = 0;
  double loss = 0;      // over all targets
  int64_t correct = 0;  // targets
};

// Immutable but for caches; not thread-safe.
class Task {
 public:
  virtual ~Task() = default;

  // Micro-batch `micro_batch` (from 0) of update `step` (from 1): row b is record
  // ((step - 1) A + micro_batch) B + b of the run's order, A counting those of all processes.
  virtual Batch Training(int64_t step, int64_t micro_batch) const = 0;

  // `count` validation records from `begin` on, in the data's order.
  virtual Batch Validation(int64_t begin, int64_t count) const = 0;

  // How many records an evaluation takes.
  virtual int64_t num_validation_records() const = 0;

  // The loss that is reported is the mean over targets: a window of text has one for each token.
  virtual int64_t targets_per_record() const = 0;

  // val/loss and its relatives of an evaluation of num_validation_records() records.
  virtual MetricValues ValidationMetrics(const ValidationSums& sums) = 0;

  // Whether the batches so far were of the data that data_sha256 stands for; the errors are those
  // of Dataset::CheckUnchanged. To be asked before anything is made of them that lasts.
  virtual absl::Status CheckData() const { return absl::OkStatus(); }

  // What the data is, whatever its path: 64 hexadecimal digits.
  virtual std::string data_sha256() const = 0;

  // Sentences for the log: what a user should know though it is no error, and what is known of the
  // data.
  virtual std::vector<std::string> warnings() const = 0;
  virtual std::vector<std::string> facts() const = 0;
};

// Opens the data of `run` for batches on `device`. Errors are those of OpenDataset: they name the
// file and what is wrong with it.
absl::StatusOr<std::unique_ptr<Task>> MakeTask(const spec::RunSpec& run, const DataOptions& options,
                                               at::Device device);

}  // namespace fp4::trainer
