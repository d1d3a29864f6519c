#include "trainer/measure/report.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/health_codes.h"
#include "base/metric_names.h"
#include "base/status_macros.h"
#include "spec/layers.h"
#include "trainer/checkpoint/state.h"

namespace fp4::trainer {
namespace {

spec::CheckpointEvent EventOf(const Checkpoint& checkpoint) {
  return {checkpoint.folder.string(), checkpoint.manifest.step, checkpoint.manifest.state_bytes,
          checkpoint.manifest.state_sha256};
}

spec::HealthEvent EventOf(const Finding& finding) {
  return {std::string(health_code::Find(finding.code)->severity), std::string(finding.code),
          finding.layer, finding.message};
}

absl::Status Fatal(const Finding& finding) {
  return absl::InternalError(absl::StrCat(std::string(finding.code), ": ", finding.message));
}

std::optional<double> ValueOf(const MetricValues& values, std::string_view wanted) {
  for (const auto& [name, value] : values) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

}  // namespace

Report::Report(Parts& parts, EventLog& log)
    : parts_(parts),
      log_(log),
      energy_(*parts.backend,
              parts.resumed && parts.leads() ? parts.resumed->manifest.energy_joules : 0.0),
      memory_({.backend = *parts.backend,
               .parameters = parts.parameters,
               .optimizers = parts.optimizers,
               .model = parts.model,
               .num_micro_batches = parts.run.training.gradient_accumulation,
               .packed_weights_bytes = spec::StoredWeightBytes(parts.run)}) {
  if (parts.resumed) TakeResumed();
}

void Report::TakeResumed() {
  const Manifest& resumed = parts_.resumed->manifest;
  saved_step_ = resumed.step;
  evaluated_step_ = -1;
  // An evaluation that gave no finite value is made again: what was wrong is told again.
  if (!resumed.evaluated || !resumed.metric_value) return;
  evaluated_step_ = resumed.step;
  evaluation_ = {{resumed.metric, *resumed.metric_value}};
}

absl::Status Report::Started() {
  FP4_RETURN_IF_ERROR(log_.Append(MakeStartedEvent(parts_.facts, parts_.run, parts_.document)));
  for (const std::string& warning : parts_.warnings)
    FP4_RETURN_IF_ERROR(log_.Append(spec::LogEvent{"warning", warning}));
  for (const std::string& fact : parts_.task->facts())
    FP4_RETURN_IF_ERROR(log_.Append(spec::LogEvent{"info", fact}));
  if (parts_.announce_resumed) FP4_RETURN_IF_ERROR(log_.Append(EventOf(*parts_.resumed)));
  return absl::OkStatus();
}

std::optional<double> Report::Joules() const {
  const std::optional<double> own = energy_.Joules();
  if (parts_.group == nullptr || parts_.backend->device().is_cpu()) return own;
  const bool all_tell = parts_.group->Sum(own ? 0 : 1) == 0;
  const double sum = parts_.group->Sum(own.value_or(0));
  return all_tell ? std::optional(sum) : std::nullopt;
}

void Report::BeginStep() {
  step_start_ = parts_.clock.SinceBoot();
  memory_.BeginStep();
}

void Report::EndStep() {
  spent_ += parts_.clock.SinceBoot() - step_start_;
  ++timed_steps_;
}

absl::Status Report::Step(int64_t step, double loss, double gradient_norm, double learning_rate,
                          const MetricValues& more) {
  auto tokens = static_cast<double>(timed_steps_ * parts_.targets_per_step());
  MetricValues values = {
      {std::string(metric::kTrainLoss), loss},
      {std::string(metric::kGradNorm), gradient_norm},
      {std::string(metric::kLearningRate), learning_rate},
      {std::string(metric::kTokensPerSecond), tokens / absl::ToDoubleSeconds(spent_)}};
  std::ranges::move(memory_.Take(), std::back_inserter(values));
  std::ranges::copy(more, std::back_inserter(values));
  if (std::optional<double> joules = Joules()) values.emplace_back(metric::kEnergy, *joules);
  spent_ = absl::ZeroDuration();
  timed_steps_ = 0;
  return Metrics(step, std::move(values));
}

absl::Status Report::Evaluation(int64_t step, const MetricValues& values) {
  FP4_RETURN_IF_ERROR(Metrics(step, values));
  evaluated_step_ = step;
  evaluation_ = values;
  saved_step_ = -1;  // a checkpoint that is there does not have these values
  const std::optional<Finding> finding = NonFiniteEvaluation();
  if (!finding || non_finite_told_) return absl::OkStatus();
  non_finite_told_ = true;
  return Health(*finding);
}

std::optional<Finding> Report::NonFiniteEvaluation() const {
  const std::optional<double> loss = ValueOf(evaluation_, metric::kValLoss);
  if (!loss || std::isfinite(*loss)) return std::nullopt;
  return Finding{health_code::kNonFinite, "",
                 absl::StrCat("at step ", evaluated_step_, " the validation loss is ", *loss)};
}

absl::Status Report::Completed() const {
  const std::optional<Finding> finding = NonFiniteEvaluation();
  return finding ? Fatal(*finding) : absl::OkStatus();
}

absl::Status Report::Metrics(int64_t step, MetricValues values) {
  return log_.Append(spec::MetricsEvent{step, std::move(values)});
}

absl::Status Report::Checkpoint(int64_t step) {
  const std::optional<double> joules = Joules();
  if (!parts_.leads()) {
    saved_step_ = step;  // by the first process
    return absl::OkStatus();
  }
  Manifest manifest = parts_.manifest;
  manifest.step = step;
  manifest.attempt = log_.attempt();
  manifest.energy_joules = joules.value_or(0.0);
  manifest.reported = parts_.health->reported();
  manifest.evaluated = has_evaluation(step);
  if (manifest.evaluated) {
    const std::optional<double> value = ValueOf(evaluation_, manifest.metric);
    if (value && std::isfinite(*value)) manifest.metric_value = value;
  }
  StateSnapshot state = TakeState(step, *parts_.parameters, parts_.stateful);
  FP4_ASSIGN_OR_RETURN(trainer::Checkpoint saved,
                       parts_.checkpoints->Save(manifest, state.tensors, state.metadata,
                                                [this] { return log_.Sync(); }));
  saved_step_ = step;
  FP4_RETURN_IF_ERROR(log_.Append(EventOf(saved)));
  FP4_RETURN_IF_ERROR(log_.Sync());
  const spec::CheckpointSpec& keep = parts_.run.checkpoint;
  const bool goes_back = parts_.run.training.on_anomaly.action == spec::AnomalyAction::kRollback;
  return parts_.checkpoints->Prune(
      {.keep_last = keep.keep_last,
       .keep_best = keep.keep_best,
       .largest_is_best = metric::BetterOf(keep.metric) == metric::Better::kLarger,
       .also_step = goes_back ? RegularCheckpoint(keep, step) : -1});
}

absl::Status Report::Switch(int64_t step, const PrecisionSwitch& each) {
  const spec::AdaptiveSpec& spec = parts_.run.adaptive;
  return log_.Append(spec::PrecisionSwitchEvent{.step = step,
                                                .layer = each.layer,
                                                .to = each.high ? "high" : "low",
                                                .gradient = each.gradient,
                                                .gradient_above = spec.gradient_above,
                                                .error = each.error,
                                                .error_above = spec.error_above,
                                                .relative = spec.relative});
}

absl::Status Report::Scores(const spec::ScoreTable& table) {
  return log_.Append(spec::SensitivityEvent{table.step, spec::ToJson(table)});
}

absl::Status Report::Decision(const spec::Decision& decision) {
  return log_.Append(spec::DecisionEvent{decision.step, spec::ToJson(decision)});
}

absl::Status Report::Health(const Finding& finding) { return log_.Append(EventOf(finding)); }

absl::Status Report::Stop(const Finding& finding) {
  FP4_RETURN_IF_ERROR(Health(finding));
  return Fatal(finding);
}

}  // namespace fp4::trainer
