// The section "search": what a good one comes to. What is wrong with others is told in
// malformed/search.txt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "spec/document.h"
#include "tests/spec/reading.h"

namespace fp4::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

SearchSpec Read(const std::string& search, const std::string& rest = "") {
  return ReadGood(absl::StrCat(R"({"name": "a", "search": )", search, rest, "}")).search.value();
}

TEST(Search, OfTheSpecificationReachesItsFields) {
  const SearchSpec search = Read(
      R"({"method": "asha", "metric": "val/loss", "goal": "minimize", "max_trials": 15,
          "max_concurrent": 5, "reduction_factor": 3, "min_steps": 50, "seed": 7,
          "space": {"optimizer.learning_rate": {"type": "log_uniform", "min": 1e-4, "max": 1e-2}},
          "constraints": {"weight_bytes": {"max": 1e6}, "step_seconds": {"min": 0.1, "max": 0.5}}})");
  EXPECT_EQ(search.method, SearchMethod::kAsha);
  ASSERT_EQ(search.metrics.size(), 1u);
  EXPECT_EQ(search.metrics[0].name, "val/loss");
  EXPECT_FALSE(search.metrics[0].maximize);
  EXPECT_THAT((std::vector{search.max_trials, search.max_concurrent, search.reduction_factor,
                           search.min_steps}),
              ElementsAre(15, 5, 3, 50));
  EXPECT_EQ(search.seed, 7u);
  ASSERT_EQ(search.axes.size(), 1u);
  EXPECT_EQ(search.axes[0].type, AxisType::kLogUniform);
  EXPECT_EQ(search.axes[0].max, 1e-2);
  ASSERT_EQ(search.constraints.size(), 2u);
  EXPECT_EQ(search.constraints[0].max, 1e6);
  EXPECT_EQ(search.constraints[1].min, 0.1);
}

TEST(Search, KeepsTheAxesInTheDocumentsOrderAndTakesAListAsAChoice) {
  const SearchSpec search = Read(
      R"({"method": "grid", "space": {"training.micro_batch_size": {"type": "int", "min": 1, "max": 4},
          "optimizer.name": ["adamw", "muon"], "model.tie_embeddings": {"type": "choice", "values": [true]}}})");
  ASSERT_EQ(search.axes.size(), 3u);
  EXPECT_EQ(search.axes[0].field, "training.micro_batch_size");
  EXPECT_EQ(search.axes[0].count, 4);
  EXPECT_THAT(search.axes[1].choices, ElementsAre("\"adamw\"", "\"muon\""));
  EXPECT_THAT(search.axes[2].choices, ElementsAre("true"));
  EXPECT_EQ(search.max_trials, 0) << "the whole grid";
}

TEST(Search, TakesWhatIsBetterOfEachMetricUnlessToldOtherwise) {
  const std::string space = R"(, "space": {"optimizer.learning_rate": [0.1]}})";
  const SearchSpec plain =
      Read(R"({"metric": ["val/loss", "val/accuracy", "weight_bytes"])" + space);
  EXPECT_FALSE(plain.metrics[0].maximize || plain.metrics[2].maximize);
  EXPECT_TRUE(plain.metrics[1].maximize);
  EXPECT_TRUE(Read(R"({"goal": "maximize")" + space).metrics[0].maximize);
  const SearchSpec told =
      Read(R"({"metric": ["val/loss", "weight_bytes"], "goal": ["minimize", "maximize"])" + space);
  EXPECT_TRUE(told.metrics[1].maximize);
}

TEST(Search, BeginsAtASixteenthOfTheStepsOfTheShortestVariant) {
  const std::string search = R"({"space": {"optimizer.learning_rate": [0.1]}})";
  EXPECT_EQ(Read(search, R"(, "training": {"steps": 320})").min_steps, 20);
  EXPECT_EQ(Read(search, R"(, "variants": {"b": {}, "c": {"training": {"steps": 8}}})").min_steps,
            1);
}

TEST(Search, IsNoPartOfWhatATrialTrains) {
  const Experiment experiment =
      ReadGood(R"({"name": "a", "search": {"space": {"optimizer.learning_rate": [0.1]}}})");
  const std::string document = RunDocument(experiment.variants[0], 1);
  EXPECT_THAT(document, Not(HasSubstr("search")));
  EXPECT_EQ(document, RunDocument(ReadGood(R"({"name": "a"})").variants[0], 1));
}

TEST(Search, IsNamedAmongWhatAProgramThatSchedulesNothingPassesOver) {
  EXPECT_THAT(SchedulingFieldsIn(
                  R"({"name": "a", "search": {"space": {"optimizer.learning_rate": [0.1]}}})"),
              ElementsAre("search"));
  EXPECT_THAT(SchedulingFieldsIn(R"({"name": "a", "search": {}})"), ElementsAre());
}

TEST(Search, EmptyIsNone) {
  EXPECT_FALSE(ReadGood(R"({"name": "a", "search": {}})").search.has_value());
}

TEST(OneVariantAlone, IsReadUnderAnotherNameAndWithoutTheSearch) {
  const std::string text =
      R"({"name": "a", "search": {"space": {"no.such": [0.1]}},
          "variants": {"b": {"training": {"steps": 7}}, "c": {"training": {"stops": 9}}}})";
  ReadOptions options;
  options.without_search = true;
  options.only_variant = "b";
  options.as_variant = "b.trial-3";
  const ReadResult result = ReadExperiment(text, {}, options);
  ASSERT_EQ(result.experiment.variants.size(), 1u);
  EXPECT_EQ(result.experiment.variants[0].name, "b.trial-3");
  EXPECT_EQ(result.experiment.variants[0].run.training.steps, 7);
}

}  // namespace
}  // namespace fp4::spec
