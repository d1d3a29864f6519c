#include "trainer/task/images.h"

#include <utility>

#include "base/metric_names.h"
#include "trainer/task/record_task.h"

namespace fp4::trainer {
namespace {

class ImageTask : public RecordTask {
 public:
  ImageTask(const spec::RunSpec& run, std::unique_ptr<RecordDataset> dataset, at::Device device)
      : RecordTask(run, *dataset),
        channels_(run.model.convnet.image_channels),
        size_(run.model.convnet.image_size),
        dataset_(std::move(dataset)),
        device_(device) {}

  int64_t targets_per_record() const override { return 1; }

  MetricValues ValidationMetrics(const ValidationSums& sums) override {
    const auto num_images = static_cast<double>(sums.num_records);
    return {{std::string(metric::kValLoss), sums.loss / num_images},
            {std::string(metric::kValAccuracy), static_cast<double>(sums.correct) / num_images}};
  }

 private:
  Batch Read(Part part, std::span<const int64_t> records) const override {
    const auto count = static_cast<int64_t>(records.size());
    at::Tensor images = at::empty({count, channels_, size_, size_}, at::kFloat);
    at::Tensor classes = at::empty({count}, at::kLong);
    auto* pixels = images.mutable_data_ptr<float>();
    auto* labels = classes.mutable_data_ptr<int64_t>();
    const auto image_size = static_cast<size_t>(dataset_->record_size());
    for (size_t i = 0; i < records.size(); ++i)
      labels[i] = dataset_->CopyRecord(part, records[i], {pixels + i * image_size, image_size});
    return {images.to(device_), classes.to(device_)};
  }

  const int64_t channels_, size_;
  const std::unique_ptr<RecordDataset> dataset_;
  const at::Device device_;
};

}  // namespace

std::unique_ptr<Task> MakeImageTask(const spec::RunSpec& run,
                                    std::unique_ptr<RecordDataset> dataset, at::Device device) {
  return std::make_unique<ImageTask>(run, std::move(dataset), device);
}

}  // namespace fp4::trainer
