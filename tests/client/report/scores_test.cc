#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "client/report/html.h"
#include "client/report/report.h"
#include "client/report/sections.h"
#include "tests/client/report/data.h"

namespace fp4::client::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Of two layers; the second one has no score under fp8.
spec::ScoreTable TableAt(int64_t step, double scale) {
  return {.step = step,
          .layers = {{.layer = "blocks.0.mlp.up",
                      .current = "baseline",
                      .scores = {{.recipe = "nf4", .loss_change = 0.1 * scale},
                                 {.recipe = "fp8", .loss_change = -0.001 * scale}}},
                     {.layer = "blocks.1.mlp.up",
                      .current = "nf4",
                      .scores = {{.recipe = "nf4", .loss_change = 0}}}}};
}

Data DataWith(std::vector<spec::ScoreTable> tables) {
  Data data = MakeData({"fp4"});
  data.scores.push_back({"fp4", 1, std::move(tables)});
  return data;
}

std::vector<Picture> PicturesOf(const Section& section) {
  for (const Block& block : section.blocks) {
    if (const auto* pictures = std::get_if<Pictures>(&block)) return pictures->pictures;
  }
  return {};
}

std::vector<std::string> TitlesOf(const std::vector<Picture>& pictures) {
  std::vector<std::string> titles;
  for (const Picture& picture : pictures) titles.push_back(picture.title);
  return titles;
}

TEST(ReportScoresTest, ARunThatMeasuredNothingHasNoSection) {
  EXPECT_TRUE(SensitivitySection(MakeFinishedData()).blocks.empty());
  EXPECT_THAT(RenderHtml(MakeReport(MakeFinishedData())), Not(HasSubstr("id=\"sensitivity\"")));
}

TEST(ReportScoresTest, OneTableIsLayersByRecipesInLogarithms) {
  const std::vector<Picture> pictures = PicturesOf(SensitivitySection(DataWith({TableAt(7, 1)})));

  EXPECT_THAT(TitlesOf(pictures), ElementsAre("step 7"));
  const std::string& svg = pictures.at(0).svg;
  EXPECT_THAT(svg, HasSubstr(">blocks.0.mlp.up<"));
  EXPECT_THAT(svg, HasSubstr("colours from -3 to -1")) << "0.1, and the magnitude of -0.001";
  EXPECT_THAT(svg, HasSubstr("blocks.0.mlp.up, recipe nf4: -1"));
  EXPECT_THAT(svg, HasSubstr("blocks.0.mlp.up, recipe fp8: -3"));
  EXPECT_THAT(svg, Not(HasSubstr("blocks.1.mlp.up, recipe"))) << "0 has no logarithm";
}

TEST(ReportScoresTest, SeveralTablesAddAMapOverStepsForEachRecipe) {
  const std::vector<Picture> pictures =
      PicturesOf(SensitivitySection(DataWith({TableAt(10, 1), TableAt(20, 10)})));

  EXPECT_THAT(TitlesOf(pictures), ElementsAre("step 20", "nf4", "fp8"));
  EXPECT_THAT(pictures.at(1).svg, HasSubstr("blocks.0.mlp.up, step 10: -1"));
  EXPECT_THAT(pictures.at(1).svg, HasSubstr("blocks.0.mlp.up, step 20: 0"));
  EXPECT_THAT(pictures.at(2).svg, HasSubstr("blocks.0.mlp.up, step 20: -2"));
}

TEST(ReportScoresTest, OfManyTablesFortyAreDrawnTheLastOneAmongThem) {
  std::vector<spec::ScoreTable> tables;
  for (int64_t step = 1; step <= 1000; ++step)
    tables.push_back(TableAt(step, step % 50 == 0 ? 10 : 1));

  const std::vector<Picture> pictures = PicturesOf(SensitivitySection(DataWith(tables)));

  ASSERT_EQ(pictures.size(), 3u);
  EXPECT_THAT(pictures[1].svg, HasSubstr("step 1000: 0"));
  EXPECT_THAT(pictures[1].svg, HasSubstr("step 25: -1")) << "every twenty-fifth";
  EXPECT_THAT(pictures[1].svg, Not(HasSubstr("step 26")));
}

TEST(ReportScoresTest, ScoresThatAreAllZeroAreNoPicture) {
  EXPECT_TRUE(SensitivitySection(DataWith({TableAt(7, 0)})).blocks.empty());
}

TEST(ReportScoresTest, StandsInTheReportWithItsWords) {
  const std::string html = RenderHtml(MakeReport(DataWith({TableAt(7, 1)})));
  EXPECT_THAT(html, HasSubstr("What the loss is predicted to change by"));
  EXPECT_THAT(html, HasSubstr("blocks.1.mlp.up"));
  EXPECT_THAT(html, HasSubstr("step 7"));
}

}  // namespace
}  // namespace fp4::client::report
