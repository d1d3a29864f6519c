#include "server/core/search/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace fp4::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kDocument[] = R"({"name": "a", "training": {"steps": 64, "eval_interval": 64},
  "seeds": [1, 2], "variants": {"baseline": {}, "fp4": {"precision": {"default": "fp4"}}},
  "search": {"method": "asha", "min_steps": 4, "max_trials": 5,
             "space": {"model.d_model": {"type": "int", "min": 100, "max": 140},
                       "optimizer.learning_rate": {"type": "log_uniform", "min": 1e-4, "max": 1e-2}}}})";

spec::Experiment ReadIt(const std::vector<std::string>& overrides = {}) {
  spec::ReadResult result = spec::ReadExperiment(kDocument, overrides, {});
  for (const spec::Problem& problem : result.problems) ADD_FAILURE() << problem.ToString("a");
  return std::move(result.experiment);
}

TEST(PlanTrial, GivesEachVariantAndSeedTheSamePoints) {
  const spec::Experiment experiment = ReadIt();
  EXPECT_EQ(NumTrials(experiment), 5 * 2 * 2);
  std::set<std::tuple<int64_t, size_t, size_t>> seen;
  for (int64_t number = 0; number < NumTrials(experiment); ++number) {
    const TrialPlan plan = PlanTrial(experiment, number);
    EXPECT_EQ(plan.point, number / 4);
    EXPECT_EQ(plan.group, static_cast<size_t>(number % 4));
    EXPECT_TRUE(seen.emplace(plan.point, plan.variant, plan.seed).second);
  }
}

// d_model must be a multiple of the 4 heads, of an even size each: most points make no document.
TEST(MakeTrial, GivesADocumentOrSaysWhyThereIsNone) {
  const spec::Experiment experiment = ReadIt();
  const std::vector<std::string> overrides = {"training.micro_batch_size=3"};
  int num_good = 0;
  for (int64_t point = 0; point < 40; ++point) {
    TrialPlan plan = PlanTrial(experiment, point * 4 + 2);
    const absl::StatusOr<TrialVariant> trial = MakeTrial(experiment, kDocument, overrides, plan);
    const int64_t d_model = std::stoll(PointValues(*experiment.search, point)[0].json);
    ASSERT_EQ(trial.ok(), d_model % 8 == 0) << d_model;
    if (!trial.ok()) {
      EXPECT_THAT(std::string(trial.status().message()), HasSubstr("make no document: model."));
      continue;
    }
    ++num_good;
    const spec::RunSpec& run = trial->variant.run;
    EXPECT_EQ(run.model.d_model, d_model);
    EXPECT_EQ(run.training.micro_batch_size, 3);
    EXPECT_EQ(run.layers[1].recipe, "fp4") << "of the second variant";
    EXPECT_EQ(trial->variant.name, "fp4.trial-" + std::to_string(point + 1));
    EXPECT_THAT(run.training.eval_steps, ElementsAre(4, 16)) << "each rung is evaluated";
    EXPECT_EQ(run.training.steps, 64) << "the schedule spans all steps";
  }
  EXPECT_GT(num_good, 0);
}

TEST(MakeTrial, ReadsBackAsTheSameRun) {
  const spec::Experiment experiment = ReadIt({"model.d_model=128"});
  for (int64_t number = 0; number < 200; ++number) {
    const auto trial = MakeTrial(experiment, kDocument, {}, PlanTrial(experiment, number));
    if (!trial.ok()) continue;
    const std::string document = spec::RunDocument(trial->variant, 7);
    const spec::ReadResult read = spec::ReadExperiment(document, {}, {});
    ASSERT_TRUE(read.ok()) << document;
    EXPECT_EQ(spec::RunDocument(read.experiment.variants[0], 7), document);
    EXPECT_FALSE(read.experiment.search.has_value());
  }
}

}  // namespace
}  // namespace fp4::core
