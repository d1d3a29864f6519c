#include "trainer/data/split.h"

#include <algorithm>

#include "base/sha256.h"
#include "tests/trainer_data/scratch_folder.h"

namespace fp4::trainer {
namespace {

std::vector<std::string> Hashes(int count) {
  std::vector<std::string> hashes;
  for (int i = 0; i < count; ++i) hashes.push_back(Sha256Hex("document " + std::to_string(i)));
  return hashes;
}

TEST(ChooseValidationDocuments, TakesAboutTheFraction) {
  const std::vector<bool> chosen = *ChooseValidationDocuments(Hashes(10000), 0.1);
  // Binomial: 1000 with a deviation of 30.
  EXPECT_NEAR(std::count(chosen.begin(), chosen.end(), true), 1000, 120);
}

TEST(ChooseValidationDocuments, DependsOnADocumentsContentOnly) {
  std::vector<std::string> hashes = Hashes(100);
  const std::vector<bool> chosen = *ChooseValidationDocuments(hashes, 0.3);
  std::reverse(hashes.begin(), hashes.end());
  std::vector<bool> reversed = *ChooseValidationDocuments(hashes, 0.3);
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(chosen, reversed);
}

TEST(ChooseValidationDocuments, LeavesADocumentOnEachSide) {
  for (double fraction : {1e-9, 1 - 1e-9}) {
    const std::vector<bool> chosen = *ChooseValidationDocuments(Hashes(5), fraction);
    const auto num_chosen = std::count(chosen.begin(), chosen.end(), true);
    EXPECT_EQ(num_chosen, fraction < 0.5 ? 1 : 4);
  }
}

TEST(ChooseValidationDocuments, EqualDocumentsStayTogether) {
  std::vector<std::string> hashes = Hashes(3);
  for (const std::string& twin : Hashes(3)) hashes.push_back(twin);
  const std::vector<bool> chosen = *ChooseValidationDocuments(hashes, 1e-9);
  EXPECT_TRUE(std::equal(chosen.begin(), chosen.begin() + 3, chosen.begin() + 3));
  EXPECT_EQ(std::count(chosen.begin(), chosen.end(), true), 2);
}

TEST(ChooseValidationDocuments, RefusesWhatCannotBeSplit) {
  EXPECT_THAT(ChooseValidationDocuments(Hashes(1), 0.1), FailsWith(kInvalidArgument, "names 1;"));
  const std::vector<std::string> twins(2, Sha256Hex("a"));
  EXPECT_THAT(ChooseValidationDocuments(twins, 0.1),
              FailsWith(kInvalidArgument, "names 2 of equal content"));
}

TEST(NumValidationWindows, RoundsAndLeavesOneOnEachSide) {
  struct Row {
    int64_t windows;
    double fraction;
    int64_t expected;
  };
  for (const Row& row : {Row{1024, 0.1, 102},
                         {1024, 0.125, 128},
                         {10, 0.25, 3},
                         {2, 0.01, 1},
                         {2, 0.99, 1},
                         {100, 0.0, 1},
                         {100, 1.0, 99}}) {
    EXPECT_EQ(NumValidationWindows(row.windows, row.fraction), row.expected)
        << row.windows << " windows, " << row.fraction;
  }
}

TEST(SplitWindowsAtRandom, EveryWindowIsOnOneSideAndTheSeedDecides) {
  const WindowSplit split = SplitWindowsAtRandom(1000, 0.1, 4);
  EXPECT_EQ(split.validation.size(), 100u);
  EXPECT_TRUE(std::is_sorted(split.training.begin(), split.training.end()));
  std::vector<int64_t> all = split.training;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  std::sort(all.begin(), all.end());
  for (int64_t i = 0; i < 1000; ++i) EXPECT_EQ(all[i], i);
  EXPECT_NE(split.validation, SplitWindowsAtRandom(1000, 0.1, 5).validation);
}

}  // namespace
}  // namespace fp4::trainer
