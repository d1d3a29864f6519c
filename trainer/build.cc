#include "trainer/build.h"

#include <torch/version.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/faults.h"
#include "base/file_identity.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "spec/document.h"
#include "trainer/backend/probe.h"
#include "trainer/checkpoint/best.h"
#include "trainer/checkpoint/state.h"
#include "trainer/data/data_file.h"
#include "trainer/run/mapped_read_guard.h"
#include "trainer/run/math_environment.h"

namespace fp4::trainer {
namespace {

// What only a controller can obey.
void WarnOfUnscheduled(const std::string& document, std::vector<std::string>& warnings) {
  for (const std::string& field : spec::SchedulingFieldsIn(document)) {
    if (field == "resources.max_runtime") continue;  // RunAttempt sees to it
    warnings.push_back(absl::StrCat(field, " is for a controller; nothing obeys it here"));
  }
}

absl::Status FindResume(const BuildInputs& inputs, Parts& parts) {
  parts.checkpoints = std::make_unique<CheckpointStore>(inputs.options.run_dir);
  const std::string from = inputs.options.resume_from.value_or("");
  const size_t num_warnings = parts.warnings.size();
  if (from != "none") {
    FP4_ASSIGN_OR_RETURN(parts.resumed,
                         parts.checkpoints->Newest(from, parts.warnings, inputs.stop));
  }
  if (!parts.resumed && parts.warnings.size() > num_warnings) {
    parts.warnings.emplace_back("no checkpoint can be used: training starts at step 0");
  }
  parts.manifest.document_sha256 = Sha256Hex(spec::TrainingDocument(inputs.document));
  // Earlier releases hashed the notes of a document too.
  const std::set<std::string> ours = {parts.manifest.document_sha256, Sha256Hex(inputs.document)};
  if (parts.resumed && !ours.contains(parts.resumed->manifest.document_sha256)) {
    return absl::InvalidArgumentError(
        absl::StrCat(parts.resumed->folder.string(), " is a checkpoint of another document"));
  }
  // With resume_from given, the caller knows the checkpoint.
  parts.announce_resumed =
      parts.resumed && !inputs.options.resume_from &&
      !inputs.history.checkpoint_paths.contains(parts.resumed->folder.string());
  return absl::OkStatus();
}

absl::Status OpenData(const BuildInputs& inputs, Parts& parts) {
  FP4_ASSIGN_OR_RETURN(
      parts.task, MakeTask(parts.run, {.cache_folders = inputs.cache_folders, .stop = inputs.stop},
                           parts.backend->device()));
  parts.manifest.data_sha256 = parts.task->data_sha256();
  for (const std::string& warning : parts.task->warnings()) parts.warnings.push_back(warning);
  const std::string& before =
      parts.resumed ? parts.resumed->manifest.data_sha256 : inputs.history.data_sha256;
  if (before.empty() || before == parts.manifest.data_sha256) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the data has changed since the run began: its sha256 was ", before, " and is ",
                   parts.manifest.data_sha256));
}

// Processes on one CPU share its threads; each GPU has its own.
int64_t ThreadsHere(int64_t threads, const Parts& parts) {
  if (!parts.backend->device().is_cpu()) return threads;
  return std::max<int64_t>(threads / parts.run.resources.world_size(), 1);
}

// What "auto" means is settled once a run: a resumed one takes it from the checkpoint.
absl::Status ResolveMachineChoices(const StopCheck& stop, Parts& parts) {
  const Manifest* before = parts.resumed ? &parts.resumed->manifest : nullptr;
  int64_t threads = parts.run.resources.cpu_threads;
  if (threads == 0) threads = before != nullptr ? before->cpu_threads : AvailableCores();
  if (threads > AvailableCores()) {
    parts.warnings.push_back(
        absl::StrCat("resources.cpu_threads is ", threads, ", but only ", AvailableCores(),
                     " cores can be used here: ", "threads that wait for one another are slow"));
  }
  at::set_num_threads(static_cast<int>(ThreadsHere(threads, parts)));
  spec::ComputeDtype& type = parts.run.training.compute_dtype;
  if (type == spec::ComputeDtype::kAuto && before != nullptr) {
    type = before->compute_dtype == "bf16" ? spec::ComputeDtype::kBf16 : spec::ComputeDtype::kFp32;
  } else if (type == spec::ComputeDtype::kAuto) {
    type = parts.backend->device().is_cpu() ? ProbeCpu(stop).best() : spec::ComputeDtype::kBf16;
    // What was measured in a hurry shall not decide anything.
    if (stop()) return Stopped();
  }
  parts.manifest.cpu_threads = threads;
  parts.manifest.compute_dtype = ComputeDtypeName(type);
  return absl::OkStatus();
}

// Weights from a file, or an error with the file's name: also when it changes meanwhile, or is cut
// off, which a mapped file answers with SIGBUS.
absl::Status ReadWeights(const std::filesystem::path& file, const FileIdentity& identity,
                         const std::function<absl::Status()>& read) {
  {
    const MappedReadGuard guard(file);
    FP4_RETURN_IF_ERROR(read());
  }
  FP4_ASSIGN_OR_RETURN(const FileIdentity now, IdentityOf(file));
  if (now == identity) return absl::OkStatus();
  return absl::AbortedError(
      absl::StrCat(file.string(), ": was changed while the run was reading it"));
}

absl::Status ReadWeights(const std::string& file, const std::function<absl::Status()>& read) {
  FP4_ASSIGN_OR_RETURN(const std::unique_ptr<DataFile> opened, DataFile::Open(file));
  FP4_ASSIGN_OR_RETURN(const FileIdentity identity, IdentityOf(opened->fd(), file));
  return ReadWeights(file, identity, read);
}

// The weights that a run begins with, or that are evaluated: from a file, if there is one.
absl::Status TakeWeights(const std::string& evaluated, const spec::RunSpec& run,
                         ParameterSet& parameters) {
  const std::string& file = evaluated.empty() ? run.model.initialize_from : evaluated;
  const char* asked_by = evaluated.empty() ? "model.initialize_from" : "--evaluate";
  if (!file.empty()) {
    FP4_RETURN_IF_ERROR(
        ReadWeights(file, [&] { return parameters.InitializeFrom(file, asked_by); }));
  }
  AddLearnedScales(run, parameters);
  if (evaluated.empty()) return absl::OkStatus();
  return ReadWeights(file, [&] { return parameters.TakeAdded(file, asked_by); });
}

at::ScalarType TypeOf(spec::StoredDtype type) {
  return type == spec::StoredDtype::kBf16 ? at::kBFloat16 : at::kFloat;
}

at::ScalarType TypeOf(spec::ComputeDtype type) {
  switch (type) {
    case spec::ComputeDtype::kBf16:
      return at::kBFloat16;
    case spec::ComputeDtype::kFp16:
      return at::kHalf;
    case spec::ComputeDtype::kAuto:  // resolved before
    case spec::ComputeDtype::kFp32:
      return at::kFloat;
  }
  return at::kFloat;
}

}  // namespace

at::ScalarType Parts::compute_type() const { return TypeOf(run.training.compute_dtype); }

namespace {

void PlaceContext(Parts& parts) {
  parts.context.seed = parts.run.seed;
  parts.context.training = true;
  parts.context.step = parts.first_step();
  parts.context.micro_batch = parts.context.step * parts.run.micro_batches_per_step();
}

// `evaluated`: the file whose weights are evaluated; empty: it is trained.
absl::Status BuildModel(Parts& parts, const std::string& evaluated = "") {
  const spec::RunSpec& run = parts.run;
  parts.parameters = std::make_unique<ParameterSet>(
      run.model, run.seed, parts.backend->device(),
      ParameterTypes{TypeOf(run.optimizer.masters), TypeOf(run.optimizer.gradients)});
  if (parts.resumed) {
    AddLearnedScales(run, *parts.parameters);
  } else {
    FP4_RETURN_IF_ERROR(TakeWeights(evaluated, run, *parts.parameters));
  }
  parts.optimizers = MakeOptimizers(run.optimizer, *parts.parameters);
  parts.model = MakeModel(
      {run, *parts.parameters, TypeOf(run.training.compute_dtype), parts.context, *parts.backend});
  parts.precision =
      std::make_unique<PrecisionControl>(run, *parts.model, parts.context, *parts.backend);
  for (const auto& optimizer : parts.optimizers) parts.stateful.push_back(optimizer.get());
  if (run.training.compute_dtype == spec::ComputeDtype::kFp16) {
    parts.loss_scale = std::make_unique<LossScale>(run.training.loss_scale);
    parts.stateful.push_back(parts.loss_scale.get());
  }
  for (Stateful* part : parts.precision->stateful()) parts.stateful.push_back(part);
  parts.stateful.push_back(parts.anomalies.get());
  if (parts.resumed) {
    const std::filesystem::path file = parts.resumed->state_file();
    FP4_RETURN_IF_ERROR(ReadWeights(file, parts.resumed->state_identity, [&] {
      return RestoreState(file.string(), *parts.parameters, parts.stateful);
    }));
    parts.model->Refresh();
  }
  parts.precision->Begin(parts.first_step());
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
                 .resumed_from_step = parts.first_step(),
                 .processes = parts.run.resources.world_size()};
}

// A device that is not there is the fault of this machine: another one may have it.
absl::StatusOr<std::unique_ptr<Backend>> OpenBackend(const std::string& device,
                                                     const spec::ResourceSpec& resources) {
  auto backend = MakeBackend(device, resources.gpus > 0 || resources.gpus_auto);
  if (absl::IsFailedPrecondition(backend.status())) return MachineFault(backend.status());
  return backend;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Parts>> Build(const BuildInputs& inputs, StepContext& context) {
  auto parts = std::make_unique<Parts>(inputs, context);
  parts->warnings = inputs.history.warnings;
  if (std::string warning = WarningOfNoBest(parts->run); !warning.empty())
    parts->warnings.push_back(std::move(warning));
  const spec::ResourceSpec& resources = parts->run.resources;
  FP4_ASSIGN_OR_RETURN(parts->backend, OpenBackend(inputs.options.device, resources));
  if (resources.gpus > 0 && parts->backend->device().is_cpu()) {
    parts->warnings.emplace_back("the document asks for a GPU; training on the CPU");
  }
  if (inputs.options.lease_file.empty()) WarnOfUnscheduled(inputs.document, parts->warnings);
  FP4_RETURN_IF_ERROR(FindResume(inputs, *parts));
  FP4_RETURN_IF_ERROR(OpenData(inputs, *parts));
  FP4_RETURN_IF_ERROR(ResolveMachineChoices(inputs.stop, *parts));
  PlaceContext(*parts);
  parts->anomalies = std::make_unique<AnomalyGuard>(parts->run.training.on_anomaly);
  FP4_RETURN_IF_ERROR(BuildModel(*parts));
  ReportedFindings reported = inputs.history.reported;
  if (parts->resumed) {
    for (const auto& [code, layers] : parts->resumed->manifest.reported)
      reported[code].insert(layers.begin(), layers.end());
  }
  parts->health = std::make_unique<HealthMonitor>(HealthParts{*parts->parameters, *parts->model},
                                                  std::move(reported));
  parts->manifest.metric = parts->run.checkpoint.metric;
  FillFacts(*parts);
  return parts;
}

absl::Status GoBackTo(const Checkpoint& checkpoint, Parts& parts) {
  parts.resumed = checkpoint;
  ReportedFindings reported = parts.health->reported();
  // In the reverse order of their making; the memory of one set is free before the next is made.
  parts.health.reset();
  parts.precision.reset();
  parts.model.reset();
  parts.stateful.clear();
  parts.loss_scale.reset();
  parts.optimizers.clear();
  parts.parameters.reset();
  PlaceContext(parts);
  FP4_RETURN_IF_ERROR(BuildModel(parts));
  parts.health = std::make_unique<HealthMonitor>(HealthParts{*parts.parameters, *parts.model},
                                                 std::move(reported));
  return absl::OkStatus();
}

namespace {

// Which layers were switched when the checkpoint was written. Weights of another origin have no
// such state: they are evaluated as at the beginning of a run.
absl::Status RestorePrecision(const std::string& file, Parts& parts) {
  const std::vector<Stateful*> switches = parts.precision->stateful();
  if (switches.empty()) return absl::OkStatus();
  absl::Status restored = ReadWeights(file, [&] { return RestoreParts(file, switches); });
  if (!absl::IsDataLoss(restored)) return restored;
  parts.warnings.push_back(
      absl::StrCat("no layer is taken for switched: ", std::string(restored.message())));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Parts>> BuildForEvaluation(const BuildInputs& inputs,
                                                          const std::string& file, int64_t step,
                                                          StepContext& context) {
  auto parts = std::make_unique<Parts>(inputs, context);
  FP4_ASSIGN_OR_RETURN(parts->backend, OpenBackend(inputs.options.device, parts->run.resources));
  FP4_RETURN_IF_ERROR(OpenData(inputs, *parts));
  FP4_RETURN_IF_ERROR(ResolveMachineChoices(inputs.stop, *parts));
  context.seed = parts->run.seed;
  context.step = step;
  parts->anomalies = std::make_unique<AnomalyGuard>(parts->run.training.on_anomaly);
  FP4_RETURN_IF_ERROR(BuildModel(*parts, file));
  FP4_RETURN_IF_ERROR(RestorePrecision(file, *parts));
  parts->precision->Begin(step);
  return parts;
}

}  // namespace fp4::trainer
