// Stops: where a run looks for one, and that nothing is lost or told twice by it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/trainer_exit.h"
#include "tests/trainer/training_fixture.h"

namespace fp4::trainer {
namespace {

using ::testing::IsEmpty;

class StopTest : public TrainingFixture {
 protected:
  // The steps whose value of `metric` was told, as often as it was.
  std::vector<int64_t> StepsTold(const std::string& name, const std::string& metric) const {
    std::vector<int64_t> steps;
    for (const spec::MetricsEvent& event : EventsOf<spec::MetricsEvent>(name)) {
      for (const auto& [told, value] : event.values) {
        if (told == metric) steps.push_back(event.step);
      }
    }
    return steps;
  }
};

constexpr char kShort[] =
    R"({"precision": {"default": "fp4"}, "model": {"dropout": 0.1},
        "training": {"steps": 4, "gradient_accumulation": 3, "eval_interval": 2},
        "checkpoint": {"interval_steps": 2}})";

TEST_F(StopTest, AnyStopLeavesARunThatEndsAsIfThereHadBeenNone) {
  const std::string document = Document(kShort);
  ASSERT_EQ(Run("whole", document), kExitCompleted);
  const std::vector<int64_t> evaluated = StepsTold("whole", "val/loss");
  ASSERT_EQ(evaluated, (std::vector<int64_t>{0, 2, 4}));

  // In the midst of the evaluations and the updates, and between them.
  int question = 0;
  for (int exit = kExitStopped; exit == kExitStopped; ++question) {
    const std::string name = "stopped-" + std::to_string(question);
    exit = Run(name, document, StopAtQuestion(question));
    if (exit == kExitCompleted) break;
    ASSERT_EQ(exit, kExitStopped) << name;
    EXPECT_EQ(EventsOf<spec::FinishedEvent>(name).back().status, "stopped") << name;
    const bool has_checkpoint = !EventsOf<spec::CheckpointEvent>(name).empty();

    ASSERT_EQ(Run(name, document), kExitCompleted) << name;

    EXPECT_EQ(LastState(name), LastState("whole")) << name;
    EXPECT_EQ(Curve(name, "train/loss"), Curve("whole", "train/loss")) << name;
    EXPECT_EQ(Curve(name, "val/loss"), Curve("whole", "val/loss")) << name;
    // A run without a checkpoint begins anew.
    if (!has_checkpoint) continue;
    EXPECT_EQ(StepsTold(name, "val/loss"), evaluated) << name;
    EXPECT_EQ(StepsTold(name, "train/loss").size(), 4u) << name;
  }
  EXPECT_GT(question, 20);
}

TEST_F(StopTest, TwoStopsAtOneStepTellItsEvaluationOnce) {
  const std::string document = Document(kShort);
  ASSERT_EQ(Run("whole", document), kExitCompleted);
  // The first stop comes in the evaluation of step 2, the second one before anything is done.
  const auto in_evaluation = [this] {
    return Curve("a", "train/loss").contains(2) && !Curve("a", "val/loss").contains(2);
  };
  ASSERT_EQ(Run("a", document, in_evaluation), kExitStopped);
  EXPECT_FALSE(Curve("a", "val/loss").contains(2));
  ASSERT_EQ(Run("a", document, [] { return true; }), kExitStopped);

  ASSERT_EQ(Run("a", document), kExitCompleted);

  EXPECT_EQ(StepsTold("a", "val/loss"), (std::vector<int64_t>{0, 2, 4}));
  EXPECT_EQ(LastState("a"), LastState("whole"));
}

TEST_F(StopTest, StopWhileTheDataIsReadStopsBeforeTheRunBegins) {
  for (const char* name : {"a.txt", "b.txt"}) {
    std::ofstream(folder_ / name) << std::string(4000, name[0]);
  }
  const std::string document =
      Document(R"({"model": {"vocab_size": 256}, "data": {"source": "text", "paths": [")" +
               (folder_ / "*.txt").string() + R"("]}})");

  ASSERT_EQ(Run("a", document, [] { return true; }), kExitStopped);

  EXPECT_THAT(EventsOf<spec::StartedEvent>("a"), IsEmpty());
  EXPECT_EQ(EventsOf<spec::FinishedEvent>("a").back().status, "stopped");
  EXPECT_EQ(Run("a", document), kExitCompleted);
}

}  // namespace
}  // namespace fp4::trainer
