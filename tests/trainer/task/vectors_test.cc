#include "trainer/task/vectors.h"

#include <gtest/gtest.h>

#include "base/metric_names.h"
#include "trainer/data/generated_vectors.h"

namespace fp4::trainer {
namespace {

constexpr int64_t kWidth = 10, kVectors = 50'000;

GeneratedVectors Vectors() {
  spec::DataSpec data;
  data.seed = 5;
  data.intrinsic_dim = 4;
  data.noise = 0.3;  // so that what noise adds to the kept directions counts
  return {data, kWidth};
}

// The mean squared error per element of the best linear map through k values of the sample itself:
// the smallest eigenvalues of its second moments.
double ErrorOfPrincipalComponents(const at::Tensor& vectors, int64_t k) {
  const at::Tensor x = vectors.to(at::kDouble);
  const at::Tensor moments = at::mm(x.t(), x) / x.size(0);
  return at::linalg_eigvalsh(moments).narrow(0, 0, kWidth - k).sum().item<double>() / kWidth;
}

TEST(BestLinearError, IsThatOfThePrincipalComponentsOfManyVectors) {
  const GeneratedVectors generated = Vectors();
  at::Tensor vectors = at::empty({kVectors, kWidth}, at::kFloat);
  for (int64_t i = 0; i < kVectors; ++i) {
    generated.CopyRecord(Part::kTraining, i,
                         {vectors.mutable_data_ptr<float>() + i * kWidth, kWidth});
  }
  for (int64_t k = 1; k < kWidth; ++k) {
    const double expected = ErrorOfPrincipalComponents(vectors, k);
    EXPECT_NEAR(*generated.BestLinearError(k), expected, 0.02 * expected) << k;
  }
}

TEST(VectorTask, ExcessLossIsTheLossBeyondTheBestLinearMapThroughTheBottleneck) {
  spec::RunSpec run;
  run.model.autoencoder.layer_sizes = {kWidth, 3, 2, 5, kWidth};
  run.training.micro_batch_size = 4;
  run.training.eval_batches = 2;
  const auto task = MakeVectorTask(run, std::make_unique<GeneratedVectors>(Vectors()), at::kCPU);
  ASSERT_EQ(task->num_validation_records(), 8);
  ASSERT_EQ(task->targets_per_record(), kWidth);

  const MetricValues values = task->ValidationMetrics({.num_records = 8, .loss = 80 * 0.75});

  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values[0].first, metric::kValLoss);
  EXPECT_DOUBLE_EQ(values[0].second, 0.75);
  EXPECT_EQ(values[1].first, metric::kValExcessLoss);
  EXPECT_DOUBLE_EQ(values[1].second, 0.75 - *Vectors().BestLinearError(2));
}

}  // namespace
}  // namespace fp4::trainer
