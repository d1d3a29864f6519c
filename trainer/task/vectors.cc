#include "trainer/task/vectors.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "trainer/task/record_task.h"

namespace fp4::trainer {
namespace {

class VectorTask : public RecordTask {
 public:
  VectorTask(const spec::RunSpec& run, std::unique_ptr<RecordDataset> dataset, at::Device device)
      : RecordTask(run, *dataset),
        bottleneck_(std::ranges::min(run.model.autoencoder.layer_sizes)),
        best_linear_error_(dataset->BestLinearError(bottleneck_)),
        dataset_(std::move(dataset)),
        device_(device) {}

  int64_t targets_per_record() const override { return dataset_->record_size(); }

  MetricValues ValidationMetrics(const ValidationSums& sums) override {
    const double loss = sums.loss / static_cast<double>(sums.num_records * targets_per_record());
    MetricValues values = {{std::string(metric::kValLoss), loss}};
    if (best_linear_error_) values.emplace_back(metric::kValExcessLoss, loss - *best_linear_error_);
    return values;
  }

  std::vector<std::string> facts() const override {
    if (!best_linear_error_) return {};
    return {absl::StrCat("the best linear map through ", bottleneck_,
                         " values has a mean squared error of ", *best_linear_error_,
                         " per element")};
  }

 private:
  Batch Read(Part part, std::span<const int64_t> records) const override {
    const int64_t width = dataset_->record_size();
    at::Tensor vectors = at::empty({static_cast<int64_t>(records.size()), width}, at::kFloat);
    auto* values = vectors.mutable_data_ptr<float>();
    for (const int64_t record : records) {
      dataset_->CopyRecord(part, record, {values, static_cast<size_t>(width)});
      values += width;
    }
    vectors = vectors.to(device_);
    return {vectors, vectors};
  }

  const int64_t bottleneck_;
  const std::optional<double> best_linear_error_;
  const std::unique_ptr<RecordDataset> dataset_;
  const at::Device device_;
};

}  // namespace

std::unique_ptr<Task> MakeVectorTask(const spec::RunSpec& run,
                                     std::unique_ptr<RecordDataset> dataset, at::Device device) {
  return std::make_unique<VectorTask>(run, std::move(dataset), device);
}

}  // namespace fp4::trainer
