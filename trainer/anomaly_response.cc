#include "trainer/anomaly_response.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/health_codes.h"
#include "base/status_macros.h"
#include "spec/run_spec.h"

namespace fp4::trainer {
namespace {

// What is unusual, and for a number that is not finite, where it comes from.
Finding Describe(Parts& parts, int64_t update, const Anomaly& anomaly) {
  Finding finding{anomaly.finite() ? health_code::kAnomaly : health_code::kNonFinite, "",
                  absl::StrCat("at step ", update, " ", anomaly.Describe())};
  if (anomaly.finite()) return finding;
  if (const std::optional<NonFiniteTensor> first = FindNonFinite(parts, update)) {
    finding.layer = first->layer;
    absl::StrAppend(&finding.message, ", and the first tensor that is not finite is ", first->what);
  } else {
    absl::StrAppend(&finding.message, ", and only the sum overflows");
  }
  if (parts.loss_scale)
    absl::StrAppend(&finding.message, "; the loss scale is ", parts.loss_scale->value());
  return finding;
}

// Why the run ends, beyond the anomaly itself.
std::string EndOf(const Parts& parts, int64_t checkpoint) {
  const AnomalyPolicy& policy = parts.anomalies->policy();
  if (const int64_t times = policy.TimesGoneBackSince(checkpoint); times > 0)
    return absl::StrCat("; the run has gone back to step ", checkpoint, " ", times,
                        " times already");
  if (const int64_t left_out = policy.left_out_in_a_row(); left_out > 0)
    return absl::StrCat(", nor were those of the ", left_out, " steps before it");
  return "";
}

absl::StatusOr<Checkpoint> FindCheckpoint(const Parts& parts, int64_t step) {
  std::vector<std::string> warnings;
  FP4_ASSIGN_OR_RETURN(std::optional<Checkpoint> found,
                       parts.checkpoints->AtStep(step, parts.manifest.document_sha256, warnings));
  if (found) return *std::move(found);
  // This attempt began later, and maybe on another disk.
  if (parts.resumed) return *parts.resumed;
  return absl::DataLossError(
      absl::StrCat("there is no checkpoint of step ", step, " to go back to"));
}

absl::Status GoBack(Parts& parts, int64_t update, int64_t checkpoint_step, Finding finding,
                    Report& report) {
  FP4_ASSIGN_OR_RETURN(const Checkpoint checkpoint, FindCheckpoint(parts, checkpoint_step));
  const int64_t step = checkpoint.manifest.step;
  absl::StrAppend(&finding.message, "; the run goes back to step ", step,
                  " and passes over the batches of steps ", step + 1, " to ", update);
  FP4_RETURN_IF_ERROR(report.Health(finding));
  const AnomalyPolicy::History before = parts.anomalies->policy().state().history;
  FP4_RETURN_IF_ERROR(GoBackTo(checkpoint, parts));
  parts.anomalies->policy().WentBack(before, update, step);
  report.WentBack();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AnomalyVerdict> RespondToAnomaly(Parts& parts, int64_t update,
                                                const StepResult& result, Report& report) {
  // Not a stop's own checkpoint: a run that was stopped goes back as far as one that was not.
  const int64_t checkpoint = RegularCheckpoint(parts.run.checkpoint, update - 1);
  const AnomalyJudgement judgement =
      parts.anomalies->policy().Judge(result.loss, result.gradient_norm, checkpoint);
  if (!judgement.tell) return judgement.verdict;
  Finding finding = Describe(parts, update, *judgement.anomaly);
  absl::StrAppend(&finding.message, judgement.verdict == AnomalyVerdict::kApply
                                        ? "; the update was applied"
                                        : "; the update was not applied");
  switch (judgement.verdict) {
    case AnomalyVerdict::kApply:
    case AnomalyVerdict::kLeaveOut:
      FP4_RETURN_IF_ERROR(report.Health(finding));
      break;
    case AnomalyVerdict::kGoBack:
      FP4_RETURN_IF_ERROR(GoBack(parts, update, checkpoint, std::move(finding), report));
      break;
    case AnomalyVerdict::kEnd:
      finding.message += EndOf(parts, checkpoint);
      return report.Stop(finding);
  }
  return judgement.verdict;
}

}  // namespace fp4::trainer
