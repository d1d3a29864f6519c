// The tables that several programs share, and the pages that repeat them for people.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/health_codes.h"
#include "base/metric_names.h"
#include "base/trainer_exit.h"

namespace fp4 {
namespace {

using ::testing::ElementsAreArray;

// The rows of the table in `page` (of docs/) that begins with `head`.
std::vector<std::string> DocumentedRows(const std::string& page, const std::string& head) {
  std::istringstream text(*ReadFile(absl::StrCat(FP4_DOCS, "/", page)));
  std::vector<std::string> rows;
  std::string line;
  while (std::getline(text, line) && line != head) {
  }
  std::getline(text, line);  // |---|---|
  while (std::getline(text, line) && line.starts_with("|")) rows.push_back(line);
  return rows;
}

std::string Text(std::string_view text) { return std::string(text); }

TEST(TrainerExitTest, PageHasTheTable) {
  std::vector<std::string> rows;
  for (const TrainerEnding& row : kTrainerEndings) {
    rows.push_back(absl::StrCat("| ", row.exit_status, " | `", Text(row.outcome), "` | ",
                                Text(row.meaning), " |"));
  }
  EXPECT_THAT(DocumentedRows("trainer.md", "| exit status | `finished` | means |"),
              ElementsAreArray(rows));
}

TEST(TrainerExitTest, EveryWordHasAnExitStatusOfItsOwnAndOtherTextsFail) {
  EXPECT_EQ(ExitStatusOf("completed"), 0);
  EXPECT_EQ(ExitStatusOf("failed"), 1);
  EXPECT_EQ(ExitStatusOf("stopped"), 3);
  EXPECT_EQ(ExitStatusOf("Completed"), 1);
  EXPECT_TRUE(IsOutcome("stopped"));
  EXPECT_FALSE(IsOutcome(""));
  EXPECT_FALSE(IsOutcome("complete"));
}

TEST(MetricNamesTest, PageHasTheTable) {
  std::vector<std::string> rows;
  for (const metric::Metric& row : metric::kTable) {
    const char* better = row.better == metric::Better::kSmaller  ? "smaller"
                         : row.better == metric::Better::kLarger ? "larger"
                                                                 : "";
    rows.push_back(absl::StrCat("| `", Text(row.name), "` | ", Text(row.unit), " | ", better, " | ",
                                Text(row.meaning), " |"));
  }
  EXPECT_THAT(DocumentedRows("trainer.md", "| name | unit | better | what it is |"),
              ElementsAreArray(rows));
}

TEST(MetricNamesTest, NameOfALayerReplacesThePlaceholderOnly) {
  EXPECT_EQ(metric::OfLayer(metric::kWeightError, "blocks.0.mlp.up"),
            "quant/blocks.0.mlp.up/weight_error");
}

TEST(MetricNamesTest, SaysWhichValueIsBetter) {
  EXPECT_EQ(metric::BetterOf("val/accuracy"), metric::Better::kLarger);
  EXPECT_EQ(metric::BetterOf("val/perplexity"), metric::Better::kSmaller);
  EXPECT_EQ(metric::BetterOf("no/such"), metric::Better::kNeither);
}

TEST(HealthCodesTest, PageHasTheTable) {
  std::vector<std::string> rows;
  for (const health_code::HealthCode& row : health_code::kTable) {
    rows.push_back(absl::StrCat("| `", Text(row.code), "` | ", Text(row.severity), " | ",
                                Text(row.meaning), " | ", Text(row.advice), " |"));
  }
  EXPECT_THAT(DocumentedRows("operations.md", "| code | severity | means | try |"),
              ElementsAreArray(rows));
}

TEST(HealthCodesTest, CodesAreDistinctAndOfAKnownSeverity) {
  std::set<std::string_view> seen;
  for (const health_code::HealthCode& row : health_code::kTable) {
    EXPECT_TRUE(seen.insert(row.code).second) << row.code;
    EXPECT_TRUE(row.severity == "error" || row.severity == "warning") << row.code;
    EXPECT_EQ(health_code::Find(row.code), &row);
  }
  EXPECT_EQ(health_code::Find("no_such_code"), nullptr);
}

}  // namespace
}  // namespace fp4
