// Fields of what is not built yet: refused by name, and already read, checked against each other
// and put in their places.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "spec/fields.h"
#include "spec/model_kinds.h"
#include "spec/model_tensors.h"
#include "tests/spec/reading.h"

namespace fp4::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ReadResult ReadAll(const std::string& sections) {
  return ReadExperiment(R"({"name": "a")" + sections + "}", {},
                        {.base_folder = "/data", .with_unbuilt = true});
}

RunSpec RunOf(const std::string& sections) {
  ReadResult result = ReadAll(sections);
  for (const Problem& problem : result.problems) ADD_FAILURE() << problem.ToString("a.json");
  return result.experiment.variants.at(0).run;
}

std::vector<std::string> ProblemsOf(const std::string& sections) {
  std::vector<std::string> lines;
  for (const Problem& problem : ReadAll(sections).problems)
    lines.push_back(problem.path + ": " + problem.message);
  return lines;
}

std::vector<std::string> LayersOf(const RunSpec& run) {
  std::vector<std::string> rows;
  for (const LayerPrecision& layer : run.layers) {
    rows.push_back(absl::StrCat(layer.layer, " ", layer.out_features, "x", layer.in_features, " ",
                                layer.recipe));
  }
  return rows;
}

TEST(LaterFields, OfWhatIsNotBuiltAreRefusedByName) {
  for (const char* refused : {R"("notify": [{"on": ["failed"]}])"}) {
    const ReadResult result =
        ReadExperiment(absl::StrCat(R"({"name": "a", )", refused, "}"), {}, {});
    ASSERT_FALSE(result.ok()) << refused;
    EXPECT_THAT(result.problems[0].message, HasSubstr("not built yet")) << refused;
  }
}

TEST(LaterFields, MatchIsTheBodyOfEveryKindByDefault) {
  for (const ModelKind* kind : ModelKinds()) {
    const RunSpec run = RunOf(absl::StrCat(
        R"(, "model": {"kind": ")", std::string(kind->name), R"("}, "data": {"source": ")",
        std::string(kind->data_sources[0]), R"("}, "sensitivity": {})"));
    std::vector<std::string> body, scored;
    for (const TensorInfo& tensor : ModelLayers(run.model)) {
      if (tensor.in_body) body.push_back(tensor.layer());
    }
    for (const auto& candidates : run.sensitivity.candidates.layers)
      scored.push_back(candidates.front().row.layer);
    EXPECT_THAT(body, Not(IsEmpty())) << kind->name;
    EXPECT_EQ(scored, body) << kind->name;
  }
}

TEST(LaterFields, ARecipeThatFitsNoLayerIsRefusedOnlyWhereTheDocumentNamesIt) {
  // Eight rows a micro-batch: nvfp4 cannot rotate them for wgrad.
  const std::string small = R"(, "model": {"kind": "autoencoder"}, "data": {"source": "vectors"})";
  EXPECT_THAT(RunOf(small + R"(, "sensitivity": {})").sensitivity.candidates.recipes,
              ElementsAre("nvfp4-weights", "mxfp4-weights", "nf4", "fp8"));
  EXPECT_THAT(ProblemsOf(small + R"(, "sensitivity": {"formats": ["fp8", "nvfp4"]})"),
              ElementsAre(HasSubstr("sensitivity.formats[1]: is 'nvfp4', which fits no layer")));
}

TEST(LaterFields, AtTheirDefaultLeaveTheRunDocumentAsItWas) {
  const Experiment plain = ReadGood(R"({"name": "a"})");
  const Experiment spelled = ReadGood(
      R"({"name": "a", "model": {"kind": "transformer", "num_kv_heads": 0},
          "training": {"loss_scale": {"initial": 65536.0}, "final_average": 1},
          "optimizer": {"muon": {"momentum": 0.95}, "states": "fp32"}})");
  EXPECT_EQ(RunDocument(spelled.variants[0], 1), RunDocument(plain.variants[0], 1));
  EXPECT_THAT(RunDocument(plain.variants[0], 1), testing::Not(HasSubstr("muon")));
}

TEST(LaterFields, ReachTheRun) {
  const RunSpec run = RunOf(
      R"(, "model": {"num_heads": 8, "num_kv_heads": 2, "sub_norm": true},
      "training": {"compute_dtype": "fp16", "loss_scale": {"initial": 1024, "growth_interval": 7},
                   "on_anomaly": {"action": "rollback", "window": 9, "sigma": 2.5},
                   "stats_interval": 3, "final_average": 2},
      "optimizer": {"name": "muon", "states": "4bit",
                    "muon": {"learning_rate": 0.5, "momentum": 0.25, "weight_decay": 0.125,
                             "iterations": 6, "scale": "moonlight", "dtype": "fp32"}})");
  EXPECT_EQ(run.model.kv_heads(), 2);
  EXPECT_TRUE(run.model.sub_norm);
  EXPECT_EQ(run.training.compute_dtype, ComputeDtype::kFp16);
  EXPECT_EQ(run.training.loss_scale.initial, 1024);
  EXPECT_EQ(run.training.loss_scale.growth_interval, 7);
  EXPECT_EQ(run.training.on_anomaly.action, AnomalyAction::kRollback);
  EXPECT_EQ(run.training.on_anomaly.window, 9);
  EXPECT_EQ(run.training.on_anomaly.sigma, 2.5);
  EXPECT_EQ(run.training.stats_interval, 3);
  EXPECT_EQ(run.training.final_average, 2);
  EXPECT_EQ(run.optimizer.name, "muon");
  EXPECT_EQ(run.optimizer.states, OptimizerStates::k4Bit);
  EXPECT_EQ(run.optimizer.muon.learning_rate, 0.5);
  EXPECT_EQ(run.optimizer.muon.momentum, 0.25);
  EXPECT_EQ(run.optimizer.muon.weight_decay, 0.125);
  EXPECT_EQ(run.optimizer.muon.iterations, 6);
  EXPECT_EQ(run.optimizer.muon.scale, MuonScale::kMoonlight);
  EXPECT_EQ(run.optimizer.muon.dtype, MuonDtype::kFp32);
}

std::vector<std::string> CandidatesOf(const Candidates& candidates) {
  std::vector<std::string> rows;
  for (const std::vector<LayerCandidate>& layer : candidates.layers) {
    std::string row = layer.front().row.layer;
    for (const LayerCandidate& candidate : layer) absl::StrAppend(&row, " ", candidate.row.recipe);
    rows.push_back(std::move(row));
  }
  return rows;
}

TEST(LaterFields, OfABudgetSayWhatItDecidesOn) {
  const RunSpec run = RunOf(
      R"(, "model": {"num_layers": 2}, "training": {"steps": 100, "compute_dtype": "fp32"},
      "precision": {"budget": {"weight_bits": 14.5, "candidates": ["int8", "baseline"], "match": "blocks.*.mlp.*",
        "every": 5, "from_step": 7, "micro_batches": 6, "switch": "raise-only", "dwell": 11, "min_gain": 0.25,
        "pin": [{"match": "blocks.0.mlp.up", "use": "baseline"}], "groups": ["blocks.1.**"]}})");
  const BudgetSpec& budget = run.budget;
  EXPECT_TRUE(budget.on);
  EXPECT_THAT((std::vector{budget.every, budget.from_step, budget.micro_batches, budget.dwell}),
              ElementsAre(5, 7, 6, 11));
  EXPECT_EQ(budget.how, BudgetSwitch::kRaiseOnly);
  EXPECT_EQ(budget.min_gain, 0.25);
  EXPECT_EQ(budget.limit, 4 * 512 * 128 * 29 / 16);  // 14.5 bits
  EXPECT_THAT(CandidatesOf(budget.candidates),
              ElementsAre("blocks.0.mlp.up baseline", "blocks.0.mlp.down int8 baseline",
                          "blocks.1.mlp.up int8 baseline", "blocks.1.mlp.down int8 baseline"));
  EXPECT_THAT(budget.groups, ElementsAre(0, 1, 2, 2));
}

TEST(LaterFields, OfSensitivityLeaveOutWhatDoesNotFitALayer) {
  const RunSpec run = RunOf(
      R"(, "model": {"kind": "autoencoder", "layer_sizes": [64, 32, 4, 32, 64]},
      "sensitivity": {"every": 9, "micro_batches": 3, "formats": ["nvfp4-weights", "fp8"]})");
  EXPECT_TRUE(run.sensitivity.on);
  EXPECT_EQ(run.sensitivity.every, 9);
  EXPECT_EQ(run.sensitivity.micro_batches, 3);
  EXPECT_THAT(CandidatesOf(run.sensitivity.candidates),
              ElementsAre("layers.0 nvfp4-weights fp8", "layers.1 nvfp4-weights fp8",
                          "layers.2 fp8", "layers.3 nvfp4-weights fp8"));
}

TEST(LaterFields, ComeBackFromTheRunDocument) {
  for (
      const char* sections :
      {R"(, "model": {"preset": "cnn-small", "channels": [8, 16]}, "precision": {"default": "fp4"})",
       R"(, "model": {"kind": "autoencoder", "layer_sizes": [8, 2, 8]}, "data": {"noise": 0})",
       R"(, "sensitivity": {}, "precision": {"budget": {"weight_bytes": 900000}})",
       R"(, "precision": {"budget": {"step_seconds": 0.25}})",
       R"(, "optimizer": {"masters": "bf16", "gradients": "bf16"})"}) {
    const ReadResult result = ReadAll(sections);
    ASSERT_TRUE(result.ok()) << sections << ": " << result.problems[0].message;
    const std::string document = RunDocument(result.experiment.variants[0], 1);
    const ReadResult again =
        ReadExperiment(document, {}, {.base_folder = "", .with_unbuilt = true});
    ASSERT_TRUE(again.ok()) << again.problems[0].ToString("again") << "\n" << document;
    EXPECT_EQ(RunDocument(again.experiment.variants[0], 1), document);
    EXPECT_EQ(LayersOf(again.experiment.variants[0].run),
              LayersOf(result.experiment.variants[0].run));
  }
}

TEST(ModelTensors, OfGroupedQueriesAndSubNorms) {
  ModelSpec model;
  model.d_model = 32;
  model.num_layers = 1;
  model.num_heads = 8;
  model.num_kv_heads = 2;
  model.d_ff = 64;
  model.vocab_size = 100;
  model.sub_norm = true;
  const std::vector<TensorInfo> tensors = ModelTensors(model);
  const auto find = [&](const std::string& name) {
    const auto found = std::ranges::find(tensors, name, &TensorInfo::name);
    EXPECT_NE(found, tensors.end()) << name;
    return *found;
  };
  EXPECT_THAT(find("blocks.0.attention.qkv.weight").shape, ElementsAre(48, 32));
  EXPECT_THAT(find("blocks.0.attention.qkv.weight").stacked_rows, ElementsAre(32, 8, 8));
  EXPECT_THAT(find("blocks.0.attention.out_norm.weight").shape, ElementsAre(32));
  EXPECT_THAT(find("blocks.0.mlp.down_norm.weight").shape, ElementsAre(64));
}

TEST(Convnet, HasItsLayersAndTheDefaultRecipeForItsStages) {
  const RunSpec run = RunOf(
      R"(, "model": {"preset": "cnn-small", "channels": [16, 32]}, "precision": {"default": "fp4"})");
  EXPECT_EQ(run.model.kind, "convnet");
  EXPECT_EQ(run.data.source, DataSource::kImages);
  EXPECT_THAT(LayersOf(run), ElementsAre("stages.0.conv 16x9 fp4", "stages.1.conv 32x144 fp4",
                                         "classifier 10x32 baseline"));
  const std::vector<TensorInfo> tensors = ModelTensors(run.model);
  EXPECT_THAT(tensors[2].shape, ElementsAre(32, 16, 3, 3));
  EXPECT_EQ(tensors[2].rows_per_record, 64);
  EXPECT_NEAR(tensors[2].init_std * tensors[2].init_std, 2.0 / 144, 1e-12);
  EXPECT_EQ(NumParameters(run.model), 16 * 9 + 16 + 32 * 144 + 32 + 320);
}

TEST(Autoencoder, HasItsLayers) {
  const RunSpec run =
      RunOf(R"(, "model": {"kind": "autoencoder"}, "precision": {"default": "int8"})");
  EXPECT_EQ(run.model.preset, "autoencoder-16");
  EXPECT_EQ(run.data.source, DataSource::kVectors);
  EXPECT_THAT(LayersOf(run), ElementsAre("layers.0 32x64 int8", "layers.1 4x32 int8",
                                         "layers.2 32x4 int8", "layers.3 64x32 int8"));
}

TEST(LaterFields, ThatMakeNoSenseTogetherAreRefusedPrecisely) {
  struct Case {
    const char* sections;
    const char* problem;
  };
  for (
      const auto& [sections, problem] : std::vector<Case>{
          {R"("model": {"num_kv_heads": 3})", "which does not divide num_heads 4"},
          {R"("model": {"channels": [4]})", "model.channels: is a field of the kind 'convnet'"},
          {R"("model": {"kind": "convnet", "d_model": 8})",
           "model.d_model: is a field of the kind 'transformer', and model.kind is 'convnet'"},
          {R"("model": {"kind": "convnet", "preset": "micro"})",
           "the preset 'micro' is of the kind 'transformer'"},
          {R"("model": {"preset": "cnn-small", "kernel": 4})",
           "model.kernel: is 4; allowed: an odd"},
          {R"("model": {"preset": "cnn-small", "image_size": 20})",
           "image_size 20 is no multiple of 8"},
          {R"("model": {"preset": "cnn-small"}, "data": {"source": "text", "paths": ["a"]})",
           "data.source: is 'text', and a model of the kind 'convnet' learns from: images"},
          {R"("data": {"source": "vectors"})", "learns from: synthetic, text, tokens"},
          {R"("model": {"kind": "autoencoder", "layer_sizes": [8, 2, 9]})",
           "begins with 8 and ends with 9"},
          {R"("model": {"kind": "autoencoder", "activation": "swiglu"})", "needs a gate"},
          {R"("model": {"kind": "autoencoder", "layer_sizes": [4, 2, 4]})",
           "intrinsic_dim is 8, more than the width of the vectors, 4"},
          {R"("model": {"preset": "cnn-small"}, "data": {"intrinsic_dim": 3})",
           "data.intrinsic_dim: is given, and is only for generated vectors"},
          {R"("model": {"preset": "cnn-small"}, "data": {"window": "sliding"})",
           "data.window: is given, and is only for tokens"},
          {R"("model": {"preset": "cnn-small"}, "data": {"validation_fraction": 0.5})",
           "data.validation_fraction: is given, and is only for data from files"},
          {R"("model": {"preset": "cnn-small"}, "data": {"validation_paths": ["a"]})",
           "data.validation_paths: is given, and without data.paths the source 'images' is"},
          {R"("model": {"preset": "cnn-small"}, "data": {"paths": ["a"], "noise": 0.5})",
           "data.noise: is given, and is only for generated images"},
          {R"("model": {"preset": "cnn-small"}, "checkpoint": {"metric": "val/perplexity"})",
           "checkpoint.metric: is 'val/perplexity', and a model of the kind 'convnet' tells: "
           "val/loss, val/accuracy"},
          {R"("model": {"kind": "autoencoder"}, "checkpoint": {"metric": "val/accuracy"})",
           "a model of the kind 'autoencoder' tells: val/loss"},
          {R"("data": {"noise": 0.5})", "data.noise: is given, and is only for generated images"},
          {R"("training": {"loss_scale": {"initial": 2}})",
           "training.loss_scale.initial: is given, and only the compute_dtype fp16"},
          {R"("training": {"on_anomaly": {"sigma": 3}})",
           "training.on_anomaly.sigma: is given, and the action 'stop' looks only"},
          {R"("training": {"on_anomaly": {"action": "rollback"}},
               "checkpoint": {"interval_steps": 0})",
           "needs checkpoints, and checkpoint.interval_steps is 0"},
          {R"("training": {"steps": 10, "eval_interval": 5, "final_average": 4})",
           "final_average is 4, and 10 steps have 3 evaluations"},
          {R"("optimizer": {"muon": {"scale": "moonlight"}})",
           "optimizer.muon.scale: is given, and optimizer.name is not 'muon'"},
          {R"("optimizer": {"states": "4bit"}, "model": {"d_model": 8, "d_ff": 8, "vocab_size": 64})",
           "optimizer.states: has no effect: no tensor of the model has at least 4096 values"},
          {R"("optimizer": {"name": "muon", "states": "8bit"},
               "model": {"d_model": 60, "num_heads": 2, "vocab_size": 300})",
           "optimizer.states: has no effect: no tensor that Muon leaves to AdamW has at least "
           "4096"},
          {R"("training": {"compute_dtype": "fp16"}, "optimizer": {"masters": "bf16"})",
           "optimizer.masters: bf16 masters and the compute_dtype fp16 exclude each other"},
      }) {
    const std::vector<std::string> problems = ProblemsOf(absl::StrCat(", ", sections));
    ASSERT_EQ(problems.size(), 1u) << sections << (problems.size() > 1 ? problems[1] : "");
    EXPECT_THAT(problems[0], HasSubstr(problem)) << sections;
  }
}

}  // namespace
}  // namespace fp4::spec
