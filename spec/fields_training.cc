// The sections "training", "optimizer", "lr_schedule", "checkpoint" and "resources".
#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "spec/fields.h"

namespace fp4::spec {
namespace {

constexpr double kMostSteps = 1e9;

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

Field GpusField() {
  Type count = Integer(0, 64);
  count.built_max = 1;  // of one machine; more needs training that is distributed
  return {.name = "gpus",
          .doc =
              "GPUs of a run: 0 takes a CPU slot, \"auto\" a GPU where the worker has one and a "
              "CPU slot elsewhere.",
          .type = EitherOf({std::move(count), Choice({"auto"})}),
          .default_json = "\"auto\"",
          .store = [](const Node& node, RunSpec& run) {
            run.resources.gpus_auto = node.kind == Node::Kind::kString;
            run.resources.gpus = run.resources.gpus_auto ? 0 : AsInteger(node);
          }};
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
      EnumField("compute_dtype", {"auto", "fp32", "bf16"}, &RunSpec::training,
                &TrainingSpec::compute_dtype, "auto",
                "The type of activations and GEMMs; master weights are fp32 always. \"auto\" takes "
                "what is faster on the "
                "machine, once for the whole experiment."),
      {.name = "eval_interval",
       .doc = "Steps between evaluations; there is one before the first step and one at the end as "
              "well.",
       .type = Integer(1, kMostSteps),
       .default_json = "100",
       .store = into(&TrainingSpec::eval_interval)},
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
  });
}

Type OptimizerType() {
  const auto into = [](auto member) { return Into(&RunSpec::optimizer, member); };
  return ObjectOf({
      {.name = "name",
       .doc = "AdamW: decoupled weight decay, bias correction.",
       .type = Choice({"adamw"}),
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
  });
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
       .derive = [](const RunSpec& run) { return absl::StrCat(run.training.steps / 20); },
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
       .derive = [](const RunSpec& run) { return absl::StrCat(run.training.steps / 5); },
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
      {.name = "cpu_threads",
       .doc = "Threads of the trainer; 0: the cores of its slot.",
       .type = Integer(0, 4096),
       .default_json = "0",
       .store = into(&ResourceSpec::cpu_threads)},
      {.name = "min_gpu_memory_gib",
       .doc = "Memory that the GPU must have, in GiB.",
       .type = Number(0, 10000),
       .default_json = "0",
       .store = into(&ResourceSpec::min_gpu_memory_gib),
       .concern = Concern::kScheduling},
      {.name = "priority",
       .doc = "Runs of a higher priority are started first.",
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
