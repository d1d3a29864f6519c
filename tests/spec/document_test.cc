#include "spec/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "spec/fields.h"
#include "spec/json.h"
#include "spec/layers.h"
#include "spec/model_tensors.h"
#include "tests/spec/reading.h"

namespace fp4::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ReadExperiment, ANameAloneIsEnough) {
  const Experiment experiment = ReadGood(R"({"name": "a"})");
  EXPECT_EQ(experiment.name, "a");
  EXPECT_EQ(experiment.project, "default");
  EXPECT_THAT(experiment.seeds, ElementsAre(1));
  ASSERT_EQ(experiment.variants.size(), 1u);
  EXPECT_EQ(experiment.variants[0].name, "default");
  const RunSpec& run = experiment.variants[0].run;
  EXPECT_EQ(run.model.preset, "micro");
  EXPECT_EQ(run.model.d_model, 128);
  EXPECT_EQ(run.data.source, DataSource::kSynthetic);
  EXPECT_EQ(run.training.steps, 400);
  EXPECT_EQ(run.lr_schedule.warmup_steps, 20);
  EXPECT_TRUE(run.resources.gpus_auto);
  EXPECT_EQ(run.max_restarts, 3);
}

TEST(ReadExperiment, EveryFieldReachesTheRun) {
  const RunSpec run = ReadRun(R"({
    "name": "a", "description": "d", "project": "p", "labels": ["x", "y"],
    "model": {"preset": "llama-60m", "d_model": 96, "num_layers": 3, "num_heads": 6, "d_ff": 200, "vocab_size": 300,
              "sequence_length": 33, "norm": "layernorm", "norm_eps": 1e-5, "activation": "relu2", "dropout": 0.25,
              "tie_embeddings": true, "rotary_axis": "heads", "rotary_frequencies": "half-truncated",
              "embedding_scale": true, "init_std": 0.5, "initialize_from": "w.safetensors"},
    "data": {"source": "text", "paths": ["c/*.txt", "/abs"], "validation_paths": ["v"], "tokenizer": "t.model", "split": "window",
             "window": "sliding", "validation_fraction": 0.5, "shuffle": false, "seed": 9},
    "training": {"steps": 70, "micro_batch_size": 3, "gradient_accumulation": 2, "grad_clip_norm": 0, "compute_dtype": "bf16",
                 "eval_interval": 7, "eval_steps": [3, 9], "eval_batches": 0, "log_interval": 5, "activation_checkpointing": true},
    "optimizer": {"learning_rate": 3e-4, "betas": [0.8, 0.99], "eps": 1e-6, "weight_decay": 0, "weight_decay_on": "all"},
    "lr_schedule": {"name": "wsd", "warmup_steps": 11, "warmup_from_zero": true, "min_factor": 0, "decay_steps": 13},
    "precision": {"packed_weights": true},
    "checkpoint": {"interval_steps": 0, "keep_last": 4, "keep_best": 0, "metric": "val/accuracy"},
    "resources": {"gpus": 1, "cpu_threads": 2, "min_gpu_memory_gib": 1.5, "gpu_name": "H100", "priority": 7, "max_runtime": "90m"},
    "retry": {"max_restarts": 0}})");
  EXPECT_EQ(run.description, "d");
  EXPECT_THAT(run.labels, ElementsAre("x", "y"));
  const ModelSpec& model = run.model;
  EXPECT_THAT((std::vector{model.d_model, model.num_layers, model.num_heads, model.d_ff,
                           model.vocab_size, model.sequence_length}),
              ElementsAre(96, 3, 6, 200, 300, 33));
  EXPECT_EQ(model.norm, Norm::kLayerNorm);
  EXPECT_EQ(model.activation, Activation::kRelu2);
  EXPECT_EQ(model.dropout, 0.25);
  EXPECT_TRUE(model.tie_embeddings && model.embedding_scale);
  EXPECT_EQ(model.rotary_axis, RotaryAxis::kHeads);
  EXPECT_EQ(model.rotary_frequencies, RotaryFrequencies::kHalfTruncated);
  EXPECT_EQ(model.initialize_from, "/data/w.safetensors");
  EXPECT_THAT(run.data.paths, ElementsAre("/data/c/*.txt", "/abs"));
  EXPECT_THAT(run.data.validation_paths, ElementsAre("/data/v"));
  EXPECT_EQ(run.data.tokenizer, "/data/t.model");
  EXPECT_EQ(run.data.split, Split::kWindow);
  EXPECT_EQ(run.data.window, Window::kSliding);
  EXPECT_EQ(run.data.seed, 9u);
  EXPECT_FALSE(run.data.shuffle);
  EXPECT_EQ(run.training.compute_dtype, ComputeDtype::kBf16);
  EXPECT_TRUE(run.training.activation_checkpointing);
  EXPECT_THAT(run.training.eval_steps, ElementsAre(3, 9));
  EXPECT_EQ(run.resources.gpu_name, "H100");
  EXPECT_EQ(run.optimizer.beta2, 0.99);
  EXPECT_EQ(run.optimizer.weight_decay_on, DecayOn::kAll);
  EXPECT_EQ(run.lr_schedule.name, Schedule::kWsd);
  EXPECT_EQ(run.lr_schedule.decay_steps, 13);
  EXPECT_TRUE(run.packed_weights && run.layers.back().packed);
  EXPECT_EQ(run.checkpoint.metric, "val/accuracy");
  EXPECT_FALSE(run.resources.gpus_auto);
  EXPECT_EQ(run.resources.gpus, 1);
  EXPECT_EQ(run.resources.max_runtime, absl::Minutes(90));
}

int64_t ParametersOf(const std::string& preset) {
  return NumParameters(ReadRun(R"({"name": "a", "model": {"preset": ")" + preset + R"("}})").model);
}

TEST(Presets, HaveThePublishedSizes) {
  EXPECT_EQ(ParametersOf("seed-30m"), 29496192);
  EXPECT_EQ(ParametersOf("llama-60m"), 58073600);
  EXPECT_EQ(ParametersOf("llama-130m"), 134105856);
  EXPECT_EQ(ParametersOf("micro"), 820352);
}

TEST(ReadExperiment, CommentsAndByteOrderMarkAreSpace) {
  EXPECT_EQ(ReadGood("\xEF\xBB\xBF// first\n{/* a */\"name\" /* b */: // c\n\"x\"}\n// last").name,
            "x");
}

TEST(ReadExperiment, VariantsPatchTheDocumentInItsOrder) {
  const Experiment experiment =
      ReadGood(R"({"name": "a", "training": {"steps": 50, "eval_interval": 5},
    "variants": {"z": {}, "b": {"training": {"steps": 60}}, "a": {"training": {"eval_interval": null}}}})");
  ASSERT_EQ(experiment.variants.size(), 3u);
  EXPECT_EQ(experiment.variants[0].name, "z");
  EXPECT_EQ(experiment.variants[0].run.training.steps, 50);
  EXPECT_EQ(experiment.variants[1].run.variant, "b");
  EXPECT_EQ(experiment.variants[1].run.training.steps, 60);
  EXPECT_EQ(experiment.variants[1].run.training.eval_interval, 5);
  EXPECT_EQ(experiment.variants[2].run.training.eval_interval, 100);
}

TEST(ReadExperiment, OverridesComeAfterVariants) {
  const Experiment experiment = ReadGood(
      R"({"name": "a", "variants": {"x": {"training": {"steps": 9}}, "y": {}}})",
      {"training.steps=12", "name=b", "seeds=[4, 5]", "description=two words",
       "model.preset=seed-30m", "model.preset=llama-60m", "precision={\"default\": \"nf4\"}"});
  EXPECT_EQ(experiment.name, "b");
  EXPECT_EQ(experiment.description, "two words");
  EXPECT_THAT(experiment.seeds, ElementsAre(4, 5));
  for (const Variant& variant : experiment.variants) {
    EXPECT_EQ(variant.run.training.steps, 12);
    EXPECT_EQ(variant.run.model.preset, "llama-60m");
    EXPECT_EQ(LayerOf(variant.run, "blocks.7.mlp.gate").recipe, "nf4");
  }
}

TEST(ReadExperiment, AnOverrideRepairsAField) {
  EXPECT_EQ(ReadGood(R"({"seeds": [1]})", {"name=x"}).name, "x");
}

TEST(ReadExperiment, PathsAreTakenFromTheDocumentsFolder) {
  const char* text = R"({"name": "a", "data": {"source": "text", "paths": ["../c/./*.txt"]}})";
  EXPECT_THAT(ReadGood(text, {}, "/home/u/exp").variants[0].run.data.paths,
              ElementsAre("/home/u/c/*.txt"));
}

TEST(ReadExperiment, BytesThatAreNotUtf8HaveAPlace) {
  for (const std::string text : {"{\"name\": \"a\xC3\"}", "{\"name\": \xC3", "// abcdef\xC3\n{}",
                                 "{\"nam\": /*\xC3*/", "{\"a\": \"b\xED\xA0\x80"}) {
    const ReadResult result = ReadExperiment(text, {}, {});
    ASSERT_EQ(result.problems.size(), 1u) << text;
    EXPECT_EQ(result.problems[0].column, 1 + static_cast<int>(text.find_first_of("\xC3\xED")))
        << text;
    EXPECT_THAT(result.problems[0].message, HasSubstr("not UTF-8")) << text;
  }
  const ReadResult result =
      ReadExperiment(R"({"name": "a"})", std::vector<std::string>{"description=\xFF"}, {});
  ASSERT_EQ(result.problems.size(), 1u);
  EXPECT_EQ(result.problems[0].message, "is not UTF-8");
}

TEST(ReadExperiment, ALongListOfProblemsIsCut) {
  std::string text = R"({"name": "a", "seeds": [)";
  for (int i = 0; i < 300; ++i) text += "-1, ";
  const ReadResult result = ReadExperiment(text + "-1]}", {}, {});
  ASSERT_EQ(result.problems.size(), 201u);
  EXPECT_EQ(result.problems.back().message, "and 101 more problems");
}

TEST(RunDocument, ReadsBackToTheSameRun) {
  const Experiment experiment =
      ReadGood(R"({"name": "a", "seeds": [3], "model": {"preset": "llama-60m"},
    "precision": {"default": "mine", "rules": [{"match": "lm_head", "use": "fp4", "weights": {"block": 128.0}}],
                  "recipes": {"mine": {"estimator": "none", "weights": {"block": 32, "format": "nf4"}}}},
    "variants": {"v": {"optimizer": {"learning_rate": 3E-4}}}})");
  const std::string document = RunDocument(experiment.variants[0], 3);
  const Experiment again = ReadGood(document, {}, "");
  ASSERT_EQ(again.variants.size(), 1u);
  EXPECT_EQ(again.variants[0].name, "v");
  EXPECT_THAT(again.seeds, ElementsAre(3));
  EXPECT_EQ(again.variants[0].run.optimizer.learning_rate, 3e-4);
  EXPECT_EQ(LayerTableJson(again.variants[0].run), LayerTableJson(experiment.variants[0].run));
  EXPECT_EQ(RunDocument(again.variants[0], 3), document);
}

TEST(RunDocument, DoesNotDependOnOrderLayoutOrWrittenDefaults) {
  const Experiment a = ReadGood(
      R"({"name": "a", "optimizer": {"eps": 1e-8, "learning_rate": 0.0010}, "training": {"steps": 4e2}})");
  const Experiment b =
      ReadGood(R"({"training": {"steps": 400, "eval_interval": 100}, /* */ "name": "a"})");
  EXPECT_EQ(RunDocument(a.variants[0], 1), RunDocument(b.variants[0], 1));
  const Experiment c = ReadGood(R"({"name": "a", "training": {"steps": 401}})");
  EXPECT_NE(RunDocument(a.variants[0], 1), RunDocument(c.variants[0], 1));
  EXPECT_NE(RunDocument(a.variants[0], 1), RunDocument(a.variants[0], 2));
}

TEST(TrainingDocument, LeavesOutWhatDoesNotChangeTheTraining) {
  const auto with = [](const std::string& override) {
    const Experiment experiment = ReadGood(R"({"name": "a"})", {override});
    return TrainingDocument(RunDocument(experiment.variants[0], 1));
  };
  const std::string plain = with("training.steps=400");
  for (const char* same :
       {"name=b", "description=a note", "project=other", "labels=[\"x\"]", "resources.priority=1",
        "resources.max_runtime=4h", "resources.min_gpu_memory_gib=8", "retry.max_restarts=0"}) {
    EXPECT_EQ(with(same), plain) << same;
  }
  for (const char* other : {"training.steps=401", "data.seed=1", "model.init_std=0.03",
                            "resources.gpus=0", "resources.cpu_threads=2", "optimizer.eps=1e-7",
                            "precision.default=fp4", "checkpoint.interval_steps=7"}) {
    EXPECT_NE(with(other), plain) << other;
  }
}

TEST(TrainingDocument, IsTheSameForAnOlderSpelling) {
  const Experiment experiment = ReadGood(R"({"name": "a", "optimizer": {"eps": 1e-8}})");
  const std::string document = RunDocument(experiment.variants[0], 1);
  std::string reflowed = document;
  std::erase(reflowed, '\n');
  EXPECT_EQ(TrainingDocument(reflowed), TrainingDocument(document));
  EXPECT_EQ(TrainingDocument("no document"), "no document");
}

// A field that may not change the training has to be obeyed by somebody else, who is named here;
// all others reach the run (EveryFieldReachesTheRun) and with it the trainer.
TEST(SchedulingFields, AreTheseAndNoOthers) {
  const std::map<std::string, std::string> obeyed_by = {
      {"resources.min_gpu_memory_gib", "server/core/placement.cc"},
      {"resources.gpu_name", "server/core/placement.cc"},
      {"search", "server/core/search, server/store/searches.cc"},
      {"resources.priority", "server/core/decide.cc"},
      {"resources.max_runtime", "worker/run, trainer/trainer.cc"},
      {"retry.max_restarts", "server/core/judge_exit.cc"}};
  std::vector<std::string> found;
  for (const Field& section : DocumentType().fields) {
    if (section.concern == Concern::kScheduling) found.push_back(section.name);
    for (const Field& field : section.type.fields) {
      if (field.concern == Concern::kScheduling) found.push_back(section.name + "." + field.name);
    }
  }
  EXPECT_EQ(found.size(), obeyed_by.size());
  for (const std::string& name : found) EXPECT_TRUE(obeyed_by.contains(name)) << name;
  const Experiment experiment = ReadGood(
      R"({"name": "a", "resources": {"priority": 50.0, "max_runtime": "4h"}, "retry": {"max_restarts": 1}})");
  EXPECT_THAT(SchedulingFieldsIn(RunDocument(experiment.variants[0], 1)),
              ElementsAre("resources.max_runtime", "retry.max_restarts"));
}

TEST(MakeRun, SetsTheSeed) {
  const Experiment experiment = ReadGood(R"({"name": "a", "seeds": [5]})");
  EXPECT_EQ(MakeRun(experiment.variants[0], 5).seed, 5u);
}

TEST(WithMachineChoices, ChangesTwoFieldsAlone) {
  const Experiment experiment = ReadGood(R"({"name": "a"})");
  const std::string before = RunDocument(experiment.variants[0], 1);
  const std::string after = WithMachineChoices(before, ComputeDtype::kBf16, 6);
  const RunSpec run = ReadRun(after);
  EXPECT_EQ(run.training.compute_dtype, ComputeDtype::kBf16);
  EXPECT_EQ(run.resources.cpu_threads, 6);
  EXPECT_EQ(WithMachineChoices(after, ComputeDtype::kAuto, 0), before);
}

TEST(WithAbsolutePaths, ChangesRelativePathsAlone) {
  const std::string text = R"({ // corpus/*.txt
  "name": "a", "model": {"initialize_from": "w.st"},
  "data": {"source": "text", "paths": ["c/*.txt",  "/x/y"], "tokenizer": "bytes"},
  "variants": {"v": {"data": {"tokenizer": "t.model", "paths": null}}, "w": {"model": {"initialize_from": ""}}} })";
  EXPECT_EQ(WithAbsolutePaths(text, "/h \"q\""), R"({ // corpus/*.txt
  "name": "a", "model": {"initialize_from": "/h \"q\"/w.st"},
  "data": {"source": "text", "paths": ["/h \"q\"/c/*.txt",  "/x/y"], "tokenizer": "bytes"},
  "variants": {"v": {"data": {"tokenizer": "/h \"q\"/t.model", "paths": null}}, "w": {"model": {"initialize_from": ""}}} })");
  EXPECT_EQ(WithAbsolutePaths("{\"data\": ", "/h"), "{\"data\": ");
}

TEST(OverrideWithAbsolutePaths, ChangesRelativePathsAlone) {
  EXPECT_EQ(OverrideWithAbsolutePaths("data.paths=[\"a\", \"/b\"]", "/h"),
            "data.paths=[\"/h/a\", \"/b\"]");
  EXPECT_EQ(OverrideWithAbsolutePaths("model.initialize_from=w.st", "/h"),
            "model.initialize_from=\"/h/w.st\"");
  EXPECT_EQ(OverrideWithAbsolutePaths("data={\"tokenizer\": \"t\"}", "/h"),
            "data={\"tokenizer\": \"/h/t\"}");
  EXPECT_EQ(OverrideWithAbsolutePaths("data.tokenizer=bytes", "/h"), "data.tokenizer=bytes");
  EXPECT_EQ(OverrideWithAbsolutePaths("training.steps= 4", "/h"), "training.steps= 4");
  EXPECT_EQ(OverrideWithAbsolutePaths("nonsense", "/h"), "nonsense");
}

TEST(Explain, ShowsTypeDefaultAndChoices) {
  EXPECT_THAT(*Explain("optimizer.learning_rate"), HasSubstr("Default: 0.001"));
  EXPECT_THAT(*Explain("lr_schedule.warmup_steps"), HasSubstr("a twentieth of training.steps"));
  EXPECT_THAT(*Explain("precision.default"), HasSubstr("fp4-frozen"));
  EXPECT_THAT(*Explain("precision.recipes.mine.weights.block"), HasSubstr("16x16"));
  EXPECT_THAT(*Explain("notify"), HasSubstr("Not built yet"));
  EXPECT_THAT(*Explain(""), HasSubstr("model.d_model"));
  EXPECT_THAT(std::string(Explain("optimizer.lerning_rate").status().message()),
              HasSubstr("did you mean 'learning_rate'"));
  EXPECT_THAT(std::string(Explain("training.steps.x").status().message()),
              HasSubstr("'training.steps' has no fields"));
}

}  // namespace
}  // namespace fp4::spec
