// The sections "training", "optimizer", "lr_schedule", "checkpoint" and "resources".
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "spec/fields.h"

namespace fp4::spec {
namespace {

Field BetasField() {
  return {.name = "betas",
          .doc = "Decay of the running means of the gradient and of its square.",
          .type = ListOf(FractionFromZero(), 2, 2, false),
          .default_json = "[0.9, 0.95]",
          .store = [](const Node& node, RunSpec& run) {
            run.optimizer.beta1 = AsNumber(node.items[0]);
            run.optimizer.beta2 = AsNumber(node.items[1]);
          }};
}

constexpr double kMostProcesses = 64;

// A field added later.
Field Later(std::string name, std::string doc, Type type, std::string default_json,
            std::function<void(const Node&, RunSpec&)> store) {
  return {.name = std::move(name),
          .doc = std::move(doc),
          .type = std::move(type),
          .default_json = std::move(default_json),
          .later = true,
          .store = std::move(store)};
}

template <typename Enum>
Field LaterChoice(std::string name, std::string doc, const std::vector<std::string>& choices,
                  const std::string& default_choice, Enum& (*target)(RunSpec&)) {
  return Later(std::move(name), std::move(doc), Choice(choices), "\"" + default_choice + "\"",
               [choices, target](const Node& node, RunSpec& run) {
                 const auto found = std::ranges::find(choices, node.text);
                 target(run) = static_cast<Enum>(found - choices.begin());
               });
}

Field Nested(std::string name, std::string doc, std::vector<Field> fields) {
  return {.name = std::move(name),
          .doc = std::move(doc),
          .type = ObjectOf(std::move(fields)),
          .default_json = "{}",
          .later = true};
}

Field ComputeDtypeField() {
  Field field = EnumField("compute_dtype", {"auto", "fp32", "bf16", "fp16"}, &RunSpec::training,
                          &TrainingSpec::compute_dtype, "auto",
                          "The type of activations and GEMMs; master weights are fp32 unless "
                          "optimizer.masters says otherwise. \"auto\" takes what is faster on the "
                          "machine, fp32 or bf16, once for the whole experiment; fp16 scales the "
                          "loss.");
  return field;
}

Field LossScaleField() {
  return Nested(
      "loss_scale",
      "Of fp16: the factor on the loss, halved after an overflow, and the step is computed again.",
      {Later("initial", "The factor at the start.", Number(1, 1e12), "65536",
             [](const Node& node, RunSpec& run) {
               run.training.loss_scale.initial = AsNumber(node);
             }),
       Later("growth_interval", "Steps without overflow after which the factor is doubled.",
             Integer(1, kMostSteps), "2000", [](const Node& node, RunSpec& run) {
               run.training.loss_scale.growth_interval = AsInteger(node);
             })});
}

Field EvalStepsField() {
  return Later("eval_steps", "Further steps after which it is evaluated.",
               ListOf(Integer(1, kMostSteps), 0, 64, true), "[]",
               [](const Node& node, RunSpec& run) { run.training.eval_steps = AsIntegers(node); });
}

Field OnAnomalyField() {
  return Nested(
      "on_anomaly", "What happens when loss or gradient norm leave the usual.",
      {LaterChoice<AnomalyAction>(
           "action",
           "stop: end at a value that is not finite; log: report and go on; skip: leave the "
           "update out; rollback: go back to the last checkpoint and pass over the batches "
           "since then. A value that is not finite is never applied.",
           {"stop", "log", "skip", "rollback"}, "stop",
           [](RunSpec& run) -> AnomalyAction& { return run.training.on_anomaly.action; }),
       Later("window", "Steps whose mean and deviation are the usual.", Integer(2, 1000000), "128",
             [](const Node& node, RunSpec& run) {
               run.training.on_anomaly.window = AsInteger(node);
             }),
       Later("sigma", "Standard deviations above the mean that are not usual any more.",
             PositiveNumber(1000), "6", [](const Node& node, RunSpec& run) {
               run.training.on_anomaly.sigma = AsNumber(node);
             })});
}

Field MuonField() {
  const auto number = [](auto member) {
    return
        [member](const Node& node, RunSpec& run) { run.optimizer.muon.*member = AsNumber(node); };
  };
  return Nested(
      "muon",
      "Of muon: how the matrices of the blocks follow their gradients; all else follows AdamW's "
      "fields.",
      {Later("learning_rate", "The peak of the schedule for these matrices.", Number(0, 100),
             "0.02", number(&MuonSpec::learning_rate)),
       Later("momentum", "Decay of the running mean of the gradient.", FractionFromZero(), "0.95",
             number(&MuonSpec::momentum)),
       Later("weight_decay", "Times the learning rate, taken off the weights at each step.",
             Number(0, 100), "0", number(&MuonSpec::weight_decay)),
       Later(
           "iterations", "Newton-Schulz iterations of an update.", Integer(1, 100), "5",
           [](const Node& node, RunSpec& run) { run.optimizer.muon.iterations = AsInteger(node); }),
       LaterChoice<MuonScale>("scale", "How the size of an update follows the shape of its matrix.",
                              {"keller", "moonlight"}, "keller",
                              [](RunSpec& run) -> MuonScale& { return run.optimizer.muon.scale; }),
       LaterChoice<MuonDtype>(
           "dtype", "The type of the iterations.", {"bf16", "fp32"}, "bf16",
           [](RunSpec& run) -> MuonDtype& { return run.optimizer.muon.dtype; })});
}

std::vector<Field> StoredFields() {
  return {
      LaterChoice<OptimizerStates>(
          "states",
          "What the optimizer keeps of its moments; a tensor of fewer than 4096 values, or one "
          "that blocks of 256 (4bit: 128) do not divide, keeps fp32.",
          {"fp32", "8bit", "4bit", "fp8"}, "fp32",
          [](RunSpec& run) -> OptimizerStates& { return run.optimizer.states; }),
      LaterChoice<StoredDtype>("masters",
                               "The type of the master weights; bf16 is rounded stochastically.",
                               {"fp32", "bf16"}, "fp32",
                               [](RunSpec& run) -> StoredDtype& { return run.optimizer.masters; }),
      LaterChoice<StoredDtype>(
          "gradients", "The type of the gradients that are kept between micro-batches.",
          {"fp32", "bf16"}, "fp32",
          [](RunSpec& run) -> StoredDtype& { return run.optimizer.gradients; }),
  };
}

Field GpusField() {
  return {.name = "gpus",
          .doc =
              "GPUs of a run: 0 takes a CPU slot, \"auto\" a GPU where the worker has one and a "
              "CPU slot elsewhere. More than one, all of one worker: a process for each, which "
              "trains on micro-batches of its own; the step is that of one process with so many "
              "times gradient_accumulation.",
          .type = EitherOf({Integer(0, kMostProcesses), Choice({"auto"})}),
          .default_json = "\"auto\"",
          .store = [](const Node& node, RunSpec& run) {
            run.resources.gpus_auto = node.kind == Node::Kind::kString;
            run.resources.gpus = run.resources.gpus_auto ? 0 : AsInteger(node);
          }};
}

Field ProcessesField() {
  return Later("processes",
               "Processes of a run on a CPU slot, which share its cores and train as those of "
               "several GPUs do; needs gpus 0.",
               Integer(1, kMostProcesses), "1",
               Into(&RunSpec::resources, &ResourceSpec::processes));
}

Field GpuNameField() {
  Field field =
      Later("gpu_name",
            "A part of the name that the GPU must have, such as \"H100\", in whatever case; "
            "empty: any GPU.",
            Text(), "\"\"", Into(&RunSpec::resources, &ResourceSpec::gpu_name));
  field.type.max_length = kLongestName;
  field.concern = Concern::kScheduling;
  return field;
}

}  // namespace

Type TrainingType() {
  const auto into = [](auto member) { return Into(&RunSpec::training, member); };
  return ObjectOf({
      {.name = "steps",
       .doc = "Optimizer steps; 0 only evaluates.",
       .type = Integer(0, kMostSteps),
       .default_json = "400",
       .store = into(&TrainingSpec::steps)},
      {.name = "micro_batch_size",
       .doc = "Windows of one forward and backward pass.",
       .type = Integer(1, 65536),
       .default_json = "8",
       .store = into(&TrainingSpec::micro_batch_size)},
      {.name = "gradient_accumulation",
       .doc = "Micro-batches of one optimizer step.",
       .type = Integer(1, 65536),
       .default_json = "1",
       .store = into(&TrainingSpec::gradient_accumulation)},
      {.name = "grad_clip_norm",
       .doc = "The largest norm that a step's gradient keeps; 0: no clipping.",
       .type = Number(0, 1e9),
       .default_json = "1",
       .store = into(&TrainingSpec::grad_clip_norm)},
      ComputeDtypeField(),
      {.name = "eval_interval",
       .doc = "Steps between evaluations; there is one before the first step and one at the end as "
              "well.",
       .type = Integer(1, kMostSteps),
       .default_json = "100",
       .store = into(&TrainingSpec::eval_interval)},
      EvalStepsField(),
      {.name = "eval_batches",
       .doc = "Micro-batches of an evaluation; 0: the whole validation set.",
       .type = Integer(0, kMostSteps),
       .default_json = "16",
       .store = into(&TrainingSpec::eval_batches)},
      {.name = "log_interval",
       .doc = "Steps between points of train/loss and its like; there is one at the end as well.",
       .type = Integer(1, kMostSteps),
       .default_json = "10",
       .store = into(&TrainingSpec::log_interval)},
      {.name = "activation_checkpointing",
       .doc = "Whether blocks are computed again in the backward pass instead of kept in memory.",
       .type = Boolean(),
       .default_json = "false",
       .store = into(&TrainingSpec::activation_checkpointing)},
      LossScaleField(),
      OnAnomalyField(),
      Later("stats_interval",
            "Steps between statistics of every operand of every layer; 0: with each evaluation.",
            Integer(0, kMostSteps), "0", into(&TrainingSpec::stats_interval)),
      Later("final_average",
            "How many of the last evaluations the val/loss of a comparison is the mean of.",
            Integer(1, 1000), "1", into(&TrainingSpec::final_average)),
  });
}

Type OptimizerType() {
  const auto into = [](auto member) { return Into(&RunSpec::optimizer, member); };
  Type names = Choice({"adamw", "muon"});
  std::vector<Field> fields = {
      {.name = "name",
       .doc = "adamw: decoupled weight decay, bias correction; muon: the matrices of the blocks by "
              "Muon, all else by AdamW.",
       .type = std::move(names),
       .default_json = "\"adamw\"",
       .store = into(&OptimizerSpec::name)},
      {.name = "learning_rate",
       .doc = "The peak of the schedule.",
       .type = Number(0, 100),
       .default_json = "0.001",
       .store = into(&OptimizerSpec::learning_rate)},
      BetasField(),
      {.name = "eps",
       .doc = "Added to the root of the second moment.",
       .type = PositiveNumber(1),
       .default_json = "1e-08",
       .store = into(&OptimizerSpec::eps)},
      {.name = "weight_decay",
       .doc = "Times the learning rate, taken off the weights at each step.",
       .type = Number(0, 100),
       .default_json = "0.1",
       .store = into(&OptimizerSpec::weight_decay)},
      EnumField("weight_decay_on", {"matrices", "all"}, &RunSpec::optimizer,
                &OptimizerSpec::weight_decay_on, "matrices",
                "Every 2-D tensor, embeddings too, or norms as well."),
      MuonField(),
  };
  for (Field& field : StoredFields()) fields.push_back(std::move(field));
  return ObjectOf(std::move(fields));
}

Type LearningRateType() {
  const auto into = [](auto member) { return Into(&RunSpec::lr_schedule, member); };
  return ObjectOf({
      EnumField("name", {"cosine", "linear", "wsd", "constant"}, &RunSpec::lr_schedule,
                &LearningRateSpec::name, "cosine",
                "What follows the warm-up: a cosine or a line down to min_factor, or the peak: to "
                "the end (constant), or "
                "until the last decay_steps go down (wsd)."),
      {.name = "warmup_steps",
       .doc = "Steps over which the rate rises to its peak.",
       .type = Integer(0, kMostSteps),
       .default_text = "a twentieth of training.steps",
       .derive = [](const RunSpec& run,
                    const Node*) { return absl::StrCat(run.training.steps / 20); },
       .store = into(&LearningRateSpec::warmup_steps)},
      {.name = "warmup_from_zero",
       .doc = "Whether the first step has a rate of 0, as published, instead of one step's worth.",
       .type = Boolean(),
       .default_json = "false",
       .store = into(&LearningRateSpec::warmup_from_zero)},
      {.name = "min_factor",
       .doc = "The last rate as a share of the peak.",
       .type = Number(0, 1),
       .default_json = "0.1",
       .store = into(&LearningRateSpec::min_factor)},
      {.name = "decay_steps",
       .doc = "Of wsd: the steps at the end over which the rate goes down.",
       .type = Integer(0, kMostSteps),
       .default_text = "a fifth of training.steps",
       .derive = [](const RunSpec& run,
                    const Node*) { return absl::StrCat(run.training.steps / 5); },
       .store = into(&LearningRateSpec::decay_steps)},
  });
}

Type CheckpointType() {
  const auto into = [](auto member) { return Into(&RunSpec::checkpoint, member); };
  return ObjectOf({
      {.name = "interval_steps",
       .doc = "Steps between checkpoints; there is one at the end always. 0: only that one.",
       .type = Integer(0, kMostSteps),
       .default_json = "100",
       .store = into(&CheckpointSpec::interval_steps)},
      {.name = "keep_last",
       .doc = "How many of the newest checkpoints stay on disk.",
       .type = Integer(1, 1000),
       .default_json = "2",
       .store = into(&CheckpointSpec::keep_last)},
      {.name = "keep_best",
       .doc = "How many of the best by `metric` stay as well, among the checkpoints of steps that "
              "were evaluated.",
       .type = Integer(0, 1000),
       .default_json = "1",
       .store = into(&CheckpointSpec::keep_best)},
      {.name = "metric",
       .doc = "What the best is best in.",
       .type = Choice({std::string(metric::kValLoss), std::string(metric::kValPerplexity),
                       std::string(metric::kValAccuracy)}),
       .default_json = "\"val/loss\"",
       .store = into(&CheckpointSpec::metric)},
  });
}

Type ResourcesType() {
  const auto into = [](auto member) { return Into(&RunSpec::resources, member); };
  return ObjectOf({
      GpusField(),
      ProcessesField(),
      {.name = "cpu_threads",
       .doc = "Threads of the trainer; 0: the cores of its slot. Processes on a CPU slot share "
              "them.",
       .type = Integer(0, 4096),
       .default_json = "0",
       .store = into(&ResourceSpec::cpu_threads)},
      {.name = "min_gpu_memory_gib",
       .doc = "Memory that the GPU must have, in GiB.",
       .type = Number(0, 10000),
       .default_json = "0",
       .store = into(&ResourceSpec::min_gpu_memory_gib),
       .concern = Concern::kScheduling},
      GpuNameField(),
      {.name = "priority",
       .doc = "Runs of a higher priority are started first, and take slots from those of a lower "
              "one, which go on later from a checkpoint.",
       .type = Integer(0, 100),
       .default_json = "50",
       .store = into(&ResourceSpec::priority),
       .concern = Concern::kScheduling},
      {.name = "max_runtime",
       .doc = "After this long a run is stopped and counts as failed; 0s: no limit.",
       .type = OfKind(Type::Kind::kDuration),
       .default_json = "\"0s\"",
       .store = into(&ResourceSpec::max_runtime),
       .concern = Concern::kScheduling},
  });
}

}  // namespace fp4::spec
