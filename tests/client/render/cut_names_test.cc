#include "client/render/cut_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/render/text.h"

namespace fp4::client {
namespace {

using ::testing::ElementsAre;

TEST(CutNamesTest, NamesThatFitStay) {
  EXPECT_THAT(CutNames({"fp4", "baseline"}, 8, true), ElementsAre("fp4", "baseline"));
}

TEST(CutNamesTest, TheMiddleGoesWhereTheEndsDiffer) {
  EXPECT_THAT(CutNames({"fp4-hadamard-nearest", "fp4-hadamard-stochastic"}, 12, true),
              ElementsAre("fp4-h…earest", "fp4-h…hastic"));
}

TEST(CutNamesTest, TheCommonStartGoesWhereTheMiddleDiffers) {
  EXPECT_THAT(
      CutNames({"mxfp4-block-32-two-dimensional", "mxfp4-block-16-two-dimensional"}, 14, true),
      ElementsAre("…32-tw…nsional", "…16-tw…nsional"));
}

TEST(CutNamesTest, DifferentNamesStayDifferentAndInTheirWidth) {
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) {
    names.push_back("a-very-long-variant-name-" + std::to_string(i) + "-with-the-same-end");
  }
  for (int width = 12; width < 50; ++width) {
    for (const bool unicode : {true, false}) {
      const auto cut = CutNames(names, width, unicode);
      EXPECT_EQ(std::set<std::string>(cut.begin(), cut.end()).size(), names.size()) << width;
      for (const std::string& name : cut) EXPECT_LE(DisplayWidth(name), width) << name;
    }
  }
}

TEST(CutNamesTest, CharactersStayWhole) {
  for (int width = 1; width < 12; ++width) {
    for (const std::string& name : CutNames({"größe-überall-ä", "größe-überall-ö"}, width, true)) {
      EXPECT_EQ(Printable(name), name);
      EXPECT_LE(DisplayWidth(name), width);
    }
  }
}

}  // namespace
}  // namespace fp4::client
