#include "trainer/task/images.h"

#include <gtest/gtest.h>

#include "base/metric_names.h"
#include "trainer/data/generated_images.h"
#include "trainer/data/window_order.h"

namespace fp4::trainer {
namespace {

class ImageTaskTest : public testing::Test {
 protected:
  ImageTaskTest() {
    run_.seed = 3;
    run_.model.convnet = {
        .channels = {4}, .kernel = 3, .image_size = 4, .image_channels = 2, .num_classes = 5};
    run_.training.micro_batch_size = 3;
    run_.training.gradient_accumulation = 2;
    task_ = MakeImageTask(run_, std::make_unique<GeneratedImages>(run_.data, run_.model.convnet),
                          at::kCPU);
  }

  spec::RunSpec run_;
  std::unique_ptr<Task> task_;
};

TEST_F(ImageTaskTest, BatchHoldsTheImagesOfItsPlaceInTheOrder) {
  const GeneratedImages images(run_.data, run_.model.convnet);
  const WindowOrder order(images.num_records(Part::kTraining), run_.data.shuffle, run_.seed);

  const Batch batch = task_->Training(/*step=*/4, /*micro_batch=*/1);

  ASSERT_EQ(batch.inputs.sizes(), at::IntArrayRef({3, 2, 4, 4}));
  for (int64_t b = 0; b < 3; ++b) {
    std::vector<float> values(32);
    const int64_t label = images.CopyRecord(Part::kTraining, order.At((3 * 2 + 1) * 3 + b), values);
    EXPECT_EQ(batch.targets[b].item<int64_t>(), label);
    EXPECT_TRUE(at::equal(batch.inputs[b].flatten(), at::tensor(values)));
  }
}

TEST_F(ImageTaskTest, MetricsAreMeansOverImages) {
  const MetricValues values =
      task_->ValidationMetrics({.num_records = 8, .loss = 12, .correct = 6});
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values[0], std::pair(std::string(metric::kValLoss), 1.5));
  EXPECT_EQ(values[1], std::pair(std::string(metric::kValAccuracy), 0.75));
}

}  // namespace
}  // namespace fp4::trainer
