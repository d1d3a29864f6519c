#include "trainer/data/generated_vectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace fp4::trainer {
namespace {

GeneratedVectors Vectors(uint64_t seed, int64_t intrinsic_dim, double noise, int64_t width) {
  spec::DataSpec data;
  data.seed = seed;
  data.intrinsic_dim = intrinsic_dim;
  data.noise = noise;
  return {data, width};
}

std::vector<float> Values(const GeneratedVectors& vectors, Part part, int64_t index) {
  std::vector<float> values(static_cast<size_t>(vectors.record_size()));
  vectors.CopyRecord(part, index, values);
  return values;
}

TEST(GeneratedVectors, AreFixedByTheSeedOfTheDataAndThePart) {
  const GeneratedVectors vectors = Vectors(1, 3, 0.1, 6);
  const std::vector<float> first = Values(vectors, Part::kTraining, 7);
  EXPECT_EQ(Values(Vectors(1, 3, 0.1, 6), Part::kTraining, 7), first);
  EXPECT_NE(Values(Vectors(2, 3, 0.1, 6), Part::kTraining, 7), first);
  EXPECT_NE(Values(vectors, Part::kTraining, 8), first);
  EXPECT_NE(Values(vectors, Part::kValidation, 7), first);
  EXPECT_EQ(Vectors(1, 3, 0.1, 6).sha256(), vectors.sha256());
  EXPECT_NE(Vectors(1, 4, 0.1, 6).sha256(), vectors.sha256());
}

// Recorded: another compiler or processor has to make the same vectors.
TEST(GeneratedVectors, AreTheSameOnEveryMachine) {
  const std::vector<float> values = Values(Vectors(1, 3, 0.1, 6), Part::kTraining, 7);
  EXPECT_EQ(values[0], -0.224128649F);
  EXPECT_EQ(values[5], -0.728256822F);
}

// Without noise x^2 adds up to sum 1.5^-2j on average, because V is orthonormal.
TEST(GeneratedVectors, HaveTheEnergyOfTheirDirections) {
  const GeneratedVectors vectors = Vectors(3, 4, 0, 9);
  double energy = 0;
  constexpr int64_t kVectors = 20'000;
  for (int64_t i = 0; i < kVectors; ++i) {
    for (const float value : Values(vectors, Part::kTraining, i)) energy += value * value;
  }
  const double expected = 1 + 1 / 2.25 + 1 / (2.25 * 2.25) + 1 / (2.25 * 2.25 * 2.25);
  EXPECT_NEAR(energy / kVectors, expected, 0.03 * expected);
}

TEST(GeneratedVectors, BestLinearErrorByHand) {
  const GeneratedVectors vectors = Vectors(1, 3, 0.5, 8);
  struct Row {
    int64_t width;
    double lost;  // of a whole vector
  };
  const Row rows[] = {
      {1, 1 / 2.25 + 1 / 5.0625 + 7 * 0.25},
      {2, 1 / 5.0625 + 6 * 0.25},
      {3, 5 * 0.25},
      {7, 1 * 0.25},
      {8, 0},
      {9, 0},
  };
  for (const Row& row : rows)
    EXPECT_NEAR(*vectors.BestLinearError(row.width), row.lost / 8, 1e-15) << row.width;
}

}  // namespace
}  // namespace fp4::trainer
