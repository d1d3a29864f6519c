#include "trainer/task/language.h"

#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "trainer/task/record_task.h"

namespace fp4::trainer {
namespace {

class LanguageTask : public RecordTask {
 public:
  LanguageTask(const spec::RunSpec& run, std::unique_ptr<Dataset> dataset, at::Device device)
      : RecordTask(run, *dataset),
        dataset_(std::move(dataset)),
        device_(device),
        has_true_model_(dataset_->TrueCrossEntropy(0).has_value()) {}

  int64_t targets_per_record() const override { return dataset_->sequence_length(); }

  MetricValues ValidationMetrics(const ValidationSums& sums) override {
    const auto num_targets = static_cast<double>(sums.num_records * targets_per_record());
    const double loss = sums.loss / num_targets;
    MetricValues values = {
        {std::string(metric::kValLoss), loss},
        {std::string(metric::kValAccuracy), static_cast<double>(sums.correct) / num_targets},
        {std::string(metric::kValPerplexity), std::exp(loss)}};
    if (has_true_model_)
      values.emplace_back(metric::kValExcessLoss, loss - TrueCrossEntropy(sums.num_records));
    return values;
  }

  std::vector<std::string> facts() const override {
    std::optional<double> entropy = dataset_->entropy_rate();
    if (!entropy) return {};
    return {absl::StrCat("the language's entropy rate is ", *entropy, " nats per token")};
  }

 private:
  Batch Read(Part part, std::span<const int64_t> windows) const override {
    const int64_t length = dataset_->sequence_length();
    at::Tensor tokens = at::empty({static_cast<int64_t>(windows.size()), length + 1}, at::kLong);
    auto* ids = tokens.mutable_data_ptr<int64_t>();
    for (const int64_t window : windows) {
      dataset_->CopyWindow(part, window, {ids, static_cast<size_t>(length + 1)});
      ids += length + 1;
    }
    return {tokens.narrow(1, 0, length).contiguous().to(device_),
            tokens.narrow(1, 1, length).contiguous().to(device_)};
  }

  // Mean over the windows that are evaluated, nats.
  double TrueCrossEntropy(int64_t num_windows) {
    if (!true_cross_entropy_) {
      double sum = 0;
      for (int64_t window = 0; window < num_windows; ++window)
        sum += *dataset_->TrueCrossEntropy(window);
      true_cross_entropy_ = sum / static_cast<double>(num_windows);
    }
    return *true_cross_entropy_;
  }

  const std::unique_ptr<Dataset> dataset_;
  const at::Device device_;
  const bool has_true_model_;
  std::optional<double> true_cross_entropy_;
};

}  // namespace

std::unique_ptr<Task> MakeLanguageTask(const spec::RunSpec& run, std::unique_ptr<Dataset> dataset,
                                       at::Device device) {
  return std::make_unique<LanguageTask>(run, std::move(dataset), device);
}

}  // namespace fp4::trainer
