#include "tests/trainer_data/scratch_folder.h"
#include "trainer/data/dataset.h"

namespace fp4::trainer {
namespace {

class SyntheticDatasetTest : public testing::Test {
 protected:
  SyntheticDatasetTest() {
    model_.vocab_size = 64;
    model_.sequence_length = 16;
  }
  std::unique_ptr<Dataset> Open(uint64_t seed) {
    data_.seed = seed;
    return *OpenDataset(data_, model_, {});
  }
  std::vector<int64_t> Window(const Dataset& dataset, Part part, int64_t index) {
    std::vector<int64_t> tokens(17);
    dataset.CopyWindow(part, index, tokens);
    return tokens;
  }

  spec::DataSpec data_;
  spec::ModelSpec model_;
};

TEST_F(SyntheticDatasetTest, SeedAloneFixesEverything) {
  const auto one = Open(1), again = Open(1), two = Open(2);
  EXPECT_EQ(Window(*one, Part::kTraining, 3), Window(*again, Part::kTraining, 3));
  EXPECT_NE(Window(*one, Part::kTraining, 3), Window(*two, Part::kTraining, 3));
  EXPECT_EQ(one->sha256(), again->sha256());
  EXPECT_NE(one->sha256(), two->sha256());
}

TEST_F(SyntheticDatasetTest, SamplesAreTheSameOnEveryMachine) {
  // Recorded: what a checkpoint was trained on must not change with the compiler or the code.
  const auto dataset = Open(1);
  EXPECT_EQ(
      Window(*dataset, Part::kTraining, 0),
      (std::vector<int64_t>{54, 10, 2, 43, 17, 34, 23, 41, 17, 23, 24, 48, 19, 63, 47, 19, 25}));
  EXPECT_EQ(
      Window(*dataset, Part::kValidation, 255),
      (std::vector<int64_t>{48, 49, 36, 38, 44, 40, 29, 59, 54, 53, 38, 59, 41, 59, 38, 59, 49}));
  EXPECT_EQ(dataset->sha256(), "80fa879b9e2e67959bb2f9c9c263ae2119fb3814f890489b068c9057de11666f");
}

TEST_F(SyntheticDatasetTest, WindowsAndPartsDiffer) {
  const auto dataset = Open(1);
  EXPECT_NE(Window(*dataset, Part::kTraining, 0), Window(*dataset, Part::kTraining, 1));
  EXPECT_NE(Window(*dataset, Part::kTraining, 0), Window(*dataset, Part::kValidation, 0));
}

TEST_F(SyntheticDatasetTest, TrueCrossEntropyAveragesAboveTheEntropyRate) {
  const auto dataset = Open(1);
  double sum = 0;
  for (int64_t i = 0; i < dataset->num_windows(Part::kValidation); ++i) {
    const double cross_entropy = *dataset->TrueCrossEntropy(i);
    EXPECT_GT(cross_entropy, 0);
    sum += cross_entropy;
  }
  const double mean = sum / static_cast<double>(dataset->num_windows(Part::kValidation));
  EXPECT_GT(mean, *dataset->entropy_rate() + 0.02);
  EXPECT_LT(mean, *dataset->entropy_rate() + 0.3);
}

TEST_F(SyntheticDatasetTest, RefusesASmallVocabularyAndSlidingWindows) {
  model_.vocab_size = 63;
  EXPECT_THAT(OpenDataset(data_, model_, {}),
              FailsWith(kInvalidArgument, "model.vocab_size: is 63"));
  model_.vocab_size = 64;
  data_.window = spec::Window::kSliding;
  EXPECT_THAT(OpenDataset(data_, model_, {}),
              FailsWith(kInvalidArgument, "data.window: is 'sliding'"));
}

}  // namespace
}  // namespace fp4::trainer
