// Every built-in recipe under every kind of optimizer, with and without a change of precision: a
// run that was stopped and resumed ends with the bytes of one that was not. The table is generated:
// a new recipe is in it.
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/trainer_exit.h"
#include "spec/recipes.h"
#include "tests/trainer/training_fixture.h"

namespace fp4::trainer {
namespace {

struct Part {
  const char* name;
  const char* json;
};

const Part kOptimizers[] = {
    {"adamw", R"({"name": "adamw"})"},
    {"adamw_in_few_bits",
     R"({"name": "adamw", "states": "4bit", "masters": "bf16", "gradients": "bf16"})"},
    {"muon", R"({"name": "muon", "states": "8bit"})"},
};

// The first entry holds before the stop, the second begins after it.
const Part kSchedules[] = {
    {"always", "[]"},
    {"scheduled", R"([{"from_step": 2, "match": "blocks.0.mlp.up", "use": "nf4"},
                      {"from_step": 4, "match": "blocks.0.attention.*", "use": "nvfp4-weights"}])"},
};

using Row = std::tuple<std::string, Part, Part>;

class ResumeTableTest : public TrainingFixture, public testing::WithParamInterface<Row> {
 protected:
  // As small as rotations by 128 allow.
  std::string RowDocument() const {
    const auto& [recipe, optimizer, schedule] = GetParam();
    return Document(absl::StrCat(
        R"({"model": {"d_model": 128, "num_layers": 1, "d_ff": 128, "dropout": 0.1},
            "training": {"steps": 4, "micro_batch_size": 8, "eval_interval": 4, "eval_batches": 1},
            "lr_schedule": {"warmup_steps": 1}, "checkpoint": {"interval_steps": 4},
            "optimizer": )",
        optimizer.json, R"(, "precision": {"default": ")", recipe, R"(", "schedule": )",
        schedule.json, "}}"));
  }
};

TEST_P(ResumeTableTest, ResumedRunEndsWithTheBytesOfTheWholeOne) {
  const std::string document = RowDocument();
  ASSERT_EQ(Run("whole", document), kExitCompleted);
  ASSERT_EQ(Run("halves", document, StopAfter(2)), kExitStopped);
  ASSERT_EQ(Run("halves", document), kExitCompleted);
  EXPECT_EQ(LastState("halves"), LastState("whole"));
  EXPECT_EQ(Curve("halves", "train/loss"), Curve("whole", "train/loss"));
  EXPECT_EQ(Curve("halves", "train/grad_norm"), Curve("whole", "train/grad_norm"));
  EXPECT_EQ(Curve("halves", "val/loss"), Curve("whole", "val/loss"));
}

std::string NameOf(const testing::TestParamInfo<Row>& info) {
  const auto& [recipe, optimizer, schedule] = info.param;
  std::string name = absl::StrCat(recipe, "_", optimizer.name, "_", schedule.name);
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, ResumeTableTest,
                         testing::Combine(testing::ValuesIn(spec::BuiltinRecipeNames()),
                                          testing::ValuesIn(kOptimizers),
                                          testing::ValuesIn(kSchedules)),
                         NameOf);

}  // namespace
}  // namespace fp4::trainer
