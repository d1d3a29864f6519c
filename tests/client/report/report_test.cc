#include "client/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "client/report/html.h"
#include "client/report/markdown.h"
#include "client/report/sections.h"
#include "tests/client/report/data.h"

namespace fp4::client::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int CountOf(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::string Html(const Data& data) { return RenderHtml(MakeReport(data)); }
std::string Markdown(const Data& data) { return RenderMarkdown(MakeReport(data)); }

TEST(ReportTest, SaysFirstWhatTheSeedsAllowToSay) {
  const std::string html = Html(MakeFinishedData());
  const size_t verdict = html.find("worse than baseline: val/loss higher by 0.25");
  ASSERT_NE(verdict, std::string::npos);
  EXPECT_LT(verdict, html.find("<svg class"));
  EXPECT_THAT(html, HasSubstr("+0.2500 [+0.1250, +0.3750]"));
  EXPECT_THAT(html, HasSubstr("6 of 6 runs completed"));
}

TEST(ReportTest, HasCurvesWithBandsAndDifferencesAsPictures) {
  const std::string html = Html(MakeFinishedData());
  EXPECT_EQ(CountOf(html, "class=\"band"), 4) << "two variants, the whole and the second half";
  EXPECT_THAT(html, HasSubstr("val/loss from step 10 on"));
  EXPECT_EQ(CountOf(html, "class=\"whisker"), 3);
}

TEST(ReportTest, MarkdownHasTheSentencesAndTablesWithoutPictures) {
  const std::string text = Markdown(MakeFinishedData());
  EXPECT_THAT(text, HasSubstr("- **fp4**: worse than baseline: val/loss higher by 0.25\n"));
  EXPECT_THAT(text, HasSubstr("| fp4 | 3 | 2.7500 | +0.2500 \\[+0.1250, +0.3750\\] |"));
  EXPECT_THAT(text, Not(HasSubstr("<svg")));
}

TEST(ReportTest, AnExperimentWithoutRunsOrPointsIsAReport) {
  const std::string html = Html(MakeData({"baseline", "fp4"}));
  EXPECT_THAT(html, HasSubstr("No run has reported a value yet."));
  EXPECT_THAT(html, HasSubstr("nothing can be said yet"));
  EXPECT_THAT(Html(MakeData({})), HasSubstr("There is nothing to compare yet."));
}

TEST(ReportTest, OneSeedHasCurvesWithoutBands) {
  Data data = MakeData({"baseline"});
  data.runs = {MakeRun("baseline", 1, {4, 3})};
  const std::string html = Html(data);
  EXPECT_THAT(html, HasSubstr("<path class=\"line"));
  EXPECT_EQ(CountOf(html, "class=\"band"), 0);
}

TEST(ReportTest, WhatIsNotFiniteInterruptsTheCurveAndIsCounted) {
  Data data = MakeData({"baseline"});
  data.runs = {MakeRun("baseline", 1, {4, NAN, INFINITY, 3})};
  EXPECT_THAT(Html(data), HasSubstr("2 values are not finite: there the curve is interrupted."));
  data.runs = {MakeRun("baseline", 1, {NAN, NAN})};
  EXPECT_THAT(Html(data), HasSubstr("No value of val/loss is finite."));
}

TEST(ReportTest, AFailedRunIsTold) {
  Data data = MakeData({"baseline"});
  data.runs = {MakeRun("baseline", 1, {})};
  data.runs[0].run.set_state(v1::RUN_STATE_FAILED);
  data.runs[0].run.set_reason("non_finite");
  data.runs[0].run.set_message("the loss is NaN\nat step 3");
  data.runs[0].run.set_stderr_tail("line one\nline <two>\n");
  const std::string html = Html(data);
  EXPECT_THAT(html, HasSubstr("the loss is NaN at step 3"));
  EXPECT_THAT(html, HasSubstr("line one\nline &lt;two&gt;\n"));
}

TEST(ReportTest, AFindingHasAdviceAndOneOfANewerTrainerHasNone) {
  Data data = MakeData({"fp4"});
  data.runs = {MakeRun("fp4", 1, {}), MakeRun("fp4", 2, {})};
  for (RunData& run : data.runs) {
    v1::Health& health = *run.run.add_health();
    health.set_severity("error");
    health.set_code("frozen_layer");
    health.set_layer("blocks.0.mlp.up");
  }
  v1::Health& unknown = *data.runs[0].run.add_health();
  unknown.set_code("new_code");
  unknown.set_message("something");
  const std::string text = Markdown(data);
  EXPECT_THAT(text, HasSubstr("frozen\\_layer (error) in blocks.0.mlp.up"));
  EXPECT_THAT(text, HasSubstr("(2 runs)"));
  EXPECT_THAT(text, HasSubstr("Try: look which rule or recipe"));
  EXPECT_THAT(text, HasSubstr("new\\_code"));
}

TEST(ReportTest, LayersStandInTheModelsOrderWithOneScale) {
  Data data = MakeData({"fp4", "nvfp4"});
  for (const std::string variant : {"fp4", "nvfp4"}) {
    data.layers.push_back(
        {.variant = variant,
         .seed = 1,
         .order = {"blocks.2.mlp.up", "blocks.10.mlp.up"},
         .series = {MakeCurve("quant/blocks.10.mlp.up/weight_relative_error", {0.1, 0.2}),
                    MakeCurve("quant/blocks.2.mlp.up/weight_relative_error",
                              {0.1, variant == "fp4" ? 0.1 : 0.5}),
                    MakeCurve("quant/lm_head/weight_relative_error", {0, 0})}});
  }
  const std::string html = Html(data);
  EXPECT_LT(html.find(">blocks.2.mlp.up<"), html.find(">blocks.10.mlp.up<"));
  EXPECT_THAT(html, Not(HasSubstr(">lm_head<"))) << "a layer that is not quantized has no row";
  EXPECT_EQ(CountOf(html, "class=\"scale\""), 1);
  EXPECT_THAT(html, HasSubstr("colours from 0.1 to 0.5"));
}

TEST(ReportTest, HostileNamesStayTexts) {
  const std::string hostile = "</b><script>alert(1)</script>\"|@all #1 `x` ![a](b)";
  Data data = MakeData({hostile, "baseline"});
  data.experiment.set_name(hostile);
  data.experiment.set_description(hostile);
  data.experiment.set_document("```\n" + hostile);
  data.experiment.add_overrides("a='b'");
  data.comparison.add_warnings(hostile);
  data.runs = {MakeRun(hostile, 1, {1, 2}), MakeRun("baseline", 1, {1, 2})};
  data.runs[0].run.set_worker(hostile);
  v1::Health& health = *data.runs[0].run.add_health();
  health.set_code(hostile);
  health.set_severity(hostile);
  health.set_layer(hostile);
  health.set_message(hostile);
  const std::string html = Html(data);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("--set &#39;a=&#39;\\&#39;&#39;b&#39;\\&#39;&#39;&#39;"));
  const std::string text = Markdown(data);
  const std::string outside = std::regex_replace(text, std::regex("````[^]*?````"), "");
  EXPECT_THAT(outside, Not(HasSubstr("<script")));
  EXPECT_THAT(outside, Not(HasSubstr("@all")));
  EXPECT_THAT(outside, Not(HasSubstr("![a]")));
}

TEST(ReportTest, AMessageDoesNotTurnWhatFollowsIt) {
  Data data = MakeData({"baseline"});
  data.runs = {MakeRun("baseline", 1, {})};
  data.runs[0].run.add_health()->set_message("a\u202Eb");
  EXPECT_THAT(Html(data), HasSubstr("a\uFFFDb (1 run)"));
  EXPECT_THAT(Markdown(data), HasSubstr("a\uFFFDb (1 run)"));
}

TEST(ReportTest, OfAHundredVariantsADozenHaveColours) {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back(i == 50 ? "baseline" : "v" + std::to_string(i));
  Data data = MakeData(names);
  for (int i = 0; i < 100; ++i) {
    v1::VariantComparison& variant = *data.comparison.mutable_variants(i);
    variant.set_n(1);
    variant.set_mean(100 - i);
    data.runs.push_back(MakeRun(variant.name(), 1, {200, variant.mean()}));
  }
  EXPECT_GE(StyleOf(data, "baseline"), 0);
  EXPECT_GE(StyleOf(data, "v99"), 0) << "the best";
  EXPECT_EQ(StyleOf(data, "v0"), -1) << "the worst";
  EXPECT_THAT(Html(data), HasSubstr("88 more variants are drawn in grey."));
}

TEST(ReportTest, ACurveThatWasThinnedSaysSo) {
  Data data = MakeFinishedData();
  data.runs[0].curves[0].set_num_points(10000);
  EXPECT_THAT(Html(data), HasSubstr("Drawn from 18 of 10015 values"));
}

}  // namespace
}  // namespace fp4::client::report
