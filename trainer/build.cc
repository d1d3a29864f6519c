#include "trainer/build.h"

#include <torch/version.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "trainer/backend/probe.h"
#include "trainer/checkpoint/state.h"
#include "trainer/run/math_environment.h"

namespace fp4::trainer {
namespace {

absl::Status FindResume(const BuildInputs& inputs, Parts& parts) {
  parts.checkpoints = std::make_unique<CheckpointStore>(inputs.options.run_dir);
  std::string from = inputs.options.resume_from.value_or("");
  if (from != "none") parts.resumed = parts.checkpoints->Newest(from, parts.warnings);
  parts.manifest.document_sha256 = Sha256Hex(inputs.document);
  if (parts.resumed && parts.resumed->manifest.document_sha256 != parts.manifest.document_sha256) {
    return absl::FailedPreconditionError(
        absl::StrCat(parts.resumed->folder.string(), " is a checkpoint of another document"));
  }
  // With resume_from given, the caller knows the checkpoint.
  parts.announce_resumed =
      parts.resumed && !inputs.options.resume_from &&
      !inputs.history.checkpoint_paths.contains(parts.resumed->folder.string());
  return absl::OkStatus();
}

absl::Status OpenData(const BuildInputs& inputs, Parts& parts) {
  FP4_ASSIGN_OR_RETURN(parts.task,
                       MakeTask(parts.run, inputs.cache_folder, parts.backend->device()));
  parts.manifest.data_sha256 = parts.task->data_sha256();
  for (const std::string& warning : parts.task->warnings()) parts.warnings.push_back(warning);
  const std::string& before =
      parts.resumed ? parts.resumed->manifest.data_sha256 : inputs.history.data_sha256;
  if (before.empty() || before == parts.manifest.data_sha256) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the data has changed since the run began: its sha256 was ", before, " and is ",
                   parts.manifest.data_sha256));
}

// What "auto" means is settled once a run: a resumed one takes it from the checkpoint.
void ResolveMachineChoices(Parts& parts) {
  const Manifest* before = parts.resumed ? &parts.resumed->manifest : nullptr;
  int64_t threads = parts.run.resources.cpu_threads;
  if (threads == 0) threads = before != nullptr ? before->cpu_threads : AvailableCores();
  at::set_num_threads(static_cast<int>(threads));
  spec::ComputeDtype& type = parts.run.training.compute_dtype;
  if (type == spec::ComputeDtype::kAuto && before != nullptr) {
    type = before->compute_dtype == "bf16" ? spec::ComputeDtype::kBf16 : spec::ComputeDtype::kFp32;
  } else if (type == spec::ComputeDtype::kAuto) {
    type = parts.backend->device().is_cpu() ? ProbeCpu().best() : spec::ComputeDtype::kBf16;
  }
  parts.manifest.cpu_threads = threads;
  parts.manifest.compute_dtype = ComputeDtypeName(type);
}

absl::Status BuildModel(Parts& parts) {
  const spec::RunSpec& run = parts.run;
  parts.parameters = std::make_unique<ParameterSet>(run.model, run.seed, parts.backend->device());
  parts.optimizers = MakeOptimizers(run.optimizer, *parts.parameters);
  for (const auto& optimizer : parts.optimizers) parts.stateful.push_back(optimizer.get());
  if (parts.resumed) {
    FP4_RETURN_IF_ERROR(
        RestoreState(parts.resumed->state_file().string(), *parts.parameters, parts.stateful));
  } else if (!run.model.initialize_from.empty()) {
    FP4_RETURN_IF_ERROR(parts.parameters->InitializeFrom(run.model.initialize_from));
  }
  auto compute_type =
      run.training.compute_dtype == spec::ComputeDtype::kBf16 ? at::kBFloat16 : at::kFloat;
  parts.model = MakeModel({run, *parts.parameters, compute_type, parts.context, *parts.backend});
  return absl::OkStatus();
}

void FillFacts(Parts& parts) {
  parts.facts = {.torch_version = TORCH_VERSION,
                 .device = parts.backend->device().str(),
                 .device_name = parts.backend->device_name(),
                 .instruction_set = parts.backend->instruction_set(),
                 .compute_dtype = parts.manifest.compute_dtype,
                 .data_sha256 = parts.manifest.data_sha256,
                 .threads = parts.manifest.cpu_threads,
                 .num_parameters = parts.parameters->num_elements(),
                 .tokens_per_step = parts.targets_per_step(),
                 .resumed_from_step = parts.first_step()};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Parts>> Build(const BuildInputs& inputs, StepContext& context) {
  auto parts = std::make_unique<Parts>(inputs, context);
  const spec::ResourceSpec& resources = parts->run.resources;
  FP4_ASSIGN_OR_RETURN(parts->backend, MakeBackend(inputs.options.device,
                                                   resources.gpus > 0 || resources.gpus_auto));
  if (resources.gpus > 0 && parts->backend->device().is_cpu()) {
    parts->warnings.emplace_back("the document asks for a GPU; training on the CPU");
  }
  FP4_RETURN_IF_ERROR(FindResume(inputs, *parts));
  FP4_RETURN_IF_ERROR(OpenData(inputs, *parts));
  ResolveMachineChoices(*parts);
  context.seed = parts->run.seed;
  context.training = true;
  context.step = parts->first_step();
  context.micro_batch = context.step * parts->run.training.gradient_accumulation;
  FP4_RETURN_IF_ERROR(BuildModel(*parts));
  ReportedFindings reported = inputs.history.reported;
  if (parts->resumed) {
    for (const auto& [code, layers] : parts->resumed->manifest.reported)
      reported[code].insert(layers.begin(), layers.end());
  }
  parts->health = std::make_unique<HealthMonitor>(*parts->parameters, std::move(reported));
  parts->manifest.metric = parts->run.checkpoint.metric;
  FillFacts(*parts);
  return parts;
}

}  // namespace fp4::trainer
