#include "trainer/data/generated_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace fp4::trainer {
namespace {

GeneratedImages Images(uint64_t seed, double noise = 0.05, int64_t size = 8) {
  spec::DataSpec data;
  data.seed = seed;
  data.noise = noise;
  return {
      data,
      {.channels = {4}, .kernel = 3, .image_size = size, .image_channels = 2, .num_classes = 5}};
}

std::vector<float> Values(const GeneratedImages& images, Part part, int64_t index,
                          int64_t* label = nullptr) {
  std::vector<float> values(static_cast<size_t>(images.record_size()));
  const int64_t found = images.CopyRecord(part, index, values);
  if (label != nullptr) *label = found;
  return values;
}

TEST(GeneratedImages, AreFixedByTheSeedOfTheDataAndThePart) {
  const GeneratedImages images = Images(1);
  const std::vector<float> first = Values(images, Part::kTraining, 7);
  EXPECT_EQ(Values(Images(1), Part::kTraining, 7), first);
  EXPECT_NE(Values(Images(2), Part::kTraining, 7), first);
  EXPECT_NE(Values(images, Part::kTraining, 8), first);
  EXPECT_NE(Values(images, Part::kValidation, 7), first);
  EXPECT_EQ(Images(1).sha256(), images.sha256());
  EXPECT_NE(Images(2).sha256(), images.sha256());
  EXPECT_NE(Images(1, 0.06).sha256(), images.sha256());
}

// Recorded: another compiler or processor has to make the same images.
TEST(GeneratedImages, AreTheSameOnEveryMachine) {
  int64_t label = -1;
  const std::vector<float> values = Values(Images(1), Part::kTraining, 7, &label);
  EXPECT_EQ(label, 3);
  EXPECT_EQ(values[0], 0.515078247F);
  EXPECT_EQ(values[127], 0.455670744F);
}

TEST(GeneratedImages, HaveEveryClassAboutAsOften) {
  const GeneratedImages images = Images(3);
  std::vector<int> counts(5);
  for (int64_t i = 0; i < 2000; ++i) {
    int64_t label = -1;
    Values(images, Part::kTraining, i, &label);
    ASSERT_GE(label, 0);
    ++counts.at(static_cast<size_t>(label));
  }
  for (const int count : counts) EXPECT_NEAR(count, 400, 100);
}

double Distance(const std::vector<float>& a, const std::vector<float>& b) {
  return std::sqrt(std::inner_product(a.begin(), a.end(), b.begin(), 0.0, std::plus<>(),
                                      [](double x, double y) { return (x - y) * (x - y); }));
}

// Images of one class are nearer to its mean than to another's more often than not: there is
// something to learn. That they are not always says that there is something left.
TEST(GeneratedImages, ResembleTheMeanOfTheirClassMoreThanOthers) {
  const GeneratedImages images = Images(4);
  std::vector<std::vector<float>> means(5, std::vector<float>(128));
  for (int64_t i = 0; i < 2000; ++i) {
    int64_t label = -1;
    const std::vector<float> values = Values(images, Part::kTraining, i, &label);
    for (size_t v = 0; v < values.size(); ++v) means[label][v] += values[v] / 400;
  }
  int correct = 0;
  for (int64_t i = 0; i < 500; ++i) {
    int64_t label = -1;
    const std::vector<float> values = Values(images, Part::kValidation, i, &label);
    std::vector<double> distances;
    for (const auto& mean : means) distances.push_back(Distance(values, mean));
    correct += std::ranges::min_element(distances) - distances.begin() == label;
  }
  EXPECT_GT(correct, 200);  // by chance 100
  EXPECT_LT(correct, 490);
}

TEST(GeneratedImages, NoiseHasItsStandardDeviation) {
  const std::vector<float> clean = Values(Images(5, 0, 64), Part::kTraining, 0);
  const std::vector<float> noisy = Values(Images(5, 0.25, 64), Part::kTraining, 0);
  EXPECT_NEAR(Distance(clean, noisy) / std::sqrt(static_cast<double>(clean.size())), 0.25, 0.01);
}

}  // namespace
}  // namespace fp4::trainer
