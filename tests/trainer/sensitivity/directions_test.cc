// Gains of directions and terms of records, against problems whose answer is known in closed form.
#include "trainer/sensitivity/directions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "trainer/random_tensors.h"
#include "trainer/sensitivity/record_terms.h"

namespace fp4::trainer {
namespace {

constexpr int64_t kRecords = 2000, kIn = 6, kOut = 5;

at::Tensor Normal(int64_t rows, int64_t columns, uint64_t key) {
  return NormalTensor(rows * columns, key, 0).view({rows, columns});
}

// Squared errors of y against a model that says 0: loss = mean of y^2, g = -2 y / N.
PlaceTensors Regression(const at::Tensor& x, const at::Tensor& y, uint64_t key) {
  const int64_t targets = y.numel();
  const at::Tensor drawn = std::sqrt(0.5) * Normal(y.size(0), y.size(1), key);
  return {.input = x,
          .read = {},
          .gradient = -2 * y / static_cast<double>(targets),
          .sampled_gradient = -2 * drawn / static_cast<double>(targets),
          .records = x.size(0),
          .targets = targets,
          .first_record = 0};
}

// What `count` units gain, by directions of each half measured on the other.
Gain GainAt(const PlaceTensors& seen, const at::Tensor& reach, int64_t count) {
  PlaceMoments moments;
  moments.Add(seen);
  const DirectionFinder finder(moments, reach);
  Gain sum;
  for (int half = 0; half < kHalves; ++half) {
    const Directions directions = finder.Find(half, count);
    DirectionSamples samples;
    samples.Add(seen, directions);
    const Gain gain = GainOf(samples.first(kHalves - 1 - half), samples.second(), count);
    sum.gain += gain.gain / kHalves;
    sum.variance += gain.variance / (kHalves * kHalves);
  }
  return sum;
}

// y = x A^T with A = sum of s_k u_k v_k^T over the axes: unit k can gain s_k^2 / out.
struct Axes {
  at::Tensor x = Normal(kRecords, kIn, 1);
  at::Tensor y = at::zeros({kRecords, kOut});
  explicit Axes(const std::vector<double>& strengths) {
    for (size_t k = 0; k < strengths.size(); ++k) {
      const auto axis = static_cast<int64_t>(k);
      y.select(1, axis).add_(x.select(1, axis), strengths[k]);
    }
  }
};

TEST(Directions, GainOfUnitsIsWhatLinearRegressionWins) {
  const Axes axes({3, 2, 1});
  const PlaceTensors seen = Regression(axes.x, axes.y, 2);
  const double wins[] = {9.0 / kOut, 13.0 / kOut, 14.0 / kOut, 14.0 / kOut};
  for (int64_t count = 1; count <= 4; ++count) {
    const Gain gain = GainAt(seen, {}, count);
    EXPECT_NEAR(gain.gain, wins[count - 1], 0.1 * wins[count - 1]) << count;
    EXPECT_GT(gain.variance, 0);
  }
}

TEST(Directions, ScaleOfInputsDoesNotMatter) {
  const Axes axes({3, 2, 1});
  const at::Tensor scaled = axes.x * at::tensor({0.3, 3.0, 1.0, 2.0, 1.0, 0.5}, at::kFloat);
  const double gain = GainAt(Regression(axes.x, axes.y, 2), {}, 2).gain;
  EXPECT_NEAR(GainAt(Regression(scaled, axes.y, 2), {}, 2).gain, gain, 0.02 * gain);
}

TEST(Directions, NoiseGainsNothingOnAverage) {
  const int draws = 40;
  double sum = 0, squares = 0;
  for (int draw = 0; draw < draws; ++draw) {
    const auto key = 10 * static_cast<uint64_t>(draw);
    const double gain =
        GainAt(Regression(Normal(200, kIn, key), Normal(200, kOut, key + 1), key + 2), {}, 3).gain;
    sum += gain;
    squares += gain * gain;
  }
  const double mean = sum / draws;
  const double error = std::sqrt((squares / draws - mean * mean) / (draws - 1));
  EXPECT_LT(std::abs(mean), 3 * error);
  // Where directions are measured on the records that they come from, it gains.
  const PlaceTensors seen = Regression(Normal(200, kIn, 7), Normal(200, kOut, 8), 9);
  PlaceMoments moments;
  moments.Add(seen);
  DirectionSamples samples;
  samples.Add(seen, DirectionFinder(moments, {}).Find(0, 3));
  EXPECT_GT(GainOf(samples.first(0), samples.second(), 3).gain, 3 * error);
}

TEST(Directions, WhatIsReadAlreadyGainsNothing) {
  const Axes axes({3, 2, 1});
  PlaceTensors seen = Regression(axes.x, axes.y, 2);
  seen.read = axes.x.slice(1, 0, 1).contiguous();
  EXPECT_NEAR(GainAt(seen, {}, 4).gain, 5.0 / kOut, 0.2);
  seen.read = axes.x;
  EXPECT_EQ(GainAt(seen, {}, 4).gain, 0);
}

TEST(Directions, WhatIsWithinReachGainsNothing) {
  const Axes axes({3, 2, 1});
  const at::Tensor reach = at::eye(kOut).slice(1, 0, 1).contiguous();  // the first output
  EXPECT_NEAR(GainAt(Regression(axes.x, axes.y, 2), reach, 4).gain, 5.0 / kOut, 0.15);
}

TEST(Directions, StepIsTheOneThatRegressionTakes) {
  const Axes axes({3, 2, 1});
  const PlaceTensors seen = Regression(axes.x, axes.y, 2);
  PlaceMoments moments;
  moments.Add(seen);
  const Directions directions = DirectionFinder(moments, {}).Find(0, kIn);
  DirectionSamples samples;
  samples.Add(seen, directions);
  const at::Tensor step = StepOf(directions, samples.first(0), samples.second());
  at::Tensor expected = at::zeros({kOut, kIn});
  for (int64_t k = 0; k < 3; ++k) expected[k][k] = static_cast<double>(3 - k);
  EXPECT_LT((step - expected).abs().max().item<double>(), 0.25) << step;
}

TEST(Directions, HalvesAreEvenAndOddRecordsWhateverTheBatch) {
  const at::Tensor values = at::arange(12, at::kFloat).view({6, 2});  // three records of two rows
  PlaceTensors of;
  of.records = 3;
  EXPECT_EQ(OfHalf(values, of, 0).size(0), 4);
  EXPECT_EQ(OfHalf(values, of, 1).size(0), 2);
  of.first_record = 5;
  EXPECT_EQ(OfHalf(values, of, 0)[0][0].item<float>(), 4) << "the record in the middle";
  EXPECT_EQ(OfHalf(values, of, 1).size(0), 4);
  of = {.records = 1, .first_record = 0};
  EXPECT_EQ(OfHalf(values.slice(0, 0, 2), of, 1).size(0), 0);
}

// trainer/sensitivity/record_terms.h
constexpr int64_t kNumRecords = 5, kTargetsOfRecord = 3, kClasses = 7;

at::Tensor Losses(const at::Tensor& logits, const at::Tensor& classes) {
  return at::cross_entropy_loss(logits.to(at::kDouble), classes, {}, at::Reduction::None)
      .view({kNumRecords, kTargetsOfRecord})
      .mean(1);
}

struct Logits {
  explicit Logits(double size) {
    at::manual_seed(3);
    values = at::randn({kNumRecords * kTargetsOfRecord, kClasses}) * 2;
    change = at::randn_like(values) * size;
    classes = at::randint(kClasses, {values.size(0)}, at::kLong);
  }
  at::Tensor values, change, classes;
};

TEST(RecordTerms, FollowedTermsAddUpToTheChangeOfTheLossHoweverLarge) {
  for (const double size : {1e-3, 1.0, 30.0}) {
    const Logits logits(size);
    const at::Tensor changed = logits.values + logits.change;
    const RecordTerms terms = FollowedTerms(logits.values, changed, logits.classes, kNumRecords);
    const at::Tensor expected =
        Losses(changed, logits.classes) - Losses(logits.values, logits.classes);
    EXPECT_TRUE(at::allclose(terms.first + terms.second, expected, 1e-6, 1e-9)) << size;
    EXPECT_GE(terms.second.min().item<double>(), 0);
  }
}

// Expanded where the logits are, with every class drawn as often as it is likely.
TEST(RecordTerms, SmallChangesExpandToTheSame) {
  const Logits logits(1e-2);
  const double targets = kNumRecords * kTargetsOfRecord;
  const at::Tensor p = at::softmax(logits.values, 1);
  const RecordTerms followed =
      FollowedTerms(logits.values, logits.values + logits.change, logits.classes, kNumRecords);
  const at::Tensor gradient = (p - at::one_hot(logits.classes, kClasses)) / targets;
  const RecordTerms expanded =
      ExpandedTerms(gradient, gradient, logits.change, kNumRecords, kNumRecords * kTargetsOfRecord);
  EXPECT_TRUE(at::allclose(expanded.first, followed.first, 1e-4, 1e-7));
  at::Tensor second = at::zeros_like(followed.second);
  for (int64_t row = 0; row < logits.values.size(0); ++row) {
    for (int64_t c = 0; c < kClasses; ++c) {
      at::Tensor drawn = at::zeros_like(gradient);
      drawn[row] = p[row] / targets;
      drawn[row][c] -= 1 / targets;
      second +=
          ExpandedTerms(gradient, drawn, logits.change, kNumRecords, kNumRecords * kTargetsOfRecord)
              .second *
          p[row][c].item<double>();
    }
  }
  EXPECT_TRUE(at::allclose(second, followed.second, 2e-2, 0));
}

}  // namespace
}  // namespace fp4::trainer
