#include "spec/training_checks.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "spec/optimizer_tensors.h"

namespace fp4::spec {
namespace {

// Reports the fields that mean something by themselves and nothing in this document.
void RefuseUnread(FieldChecks& checks, FieldChecks::Names fields, std::string_view because) {
  for (const std::string_view field : fields) {
    if (checks.IsMeant(field))
      checks.Report(field, absl::StrCat("is given, and ", std::string(because), "; leave it out"));
  }
}

void CheckLossScale(FieldChecks& checks) {
  if (!checks.Usable({"training.compute_dtype"})) return;
  if (checks.run().training.compute_dtype == ComputeDtype::kFp16) return;
  RefuseUnread(checks, {"training.loss_scale.initial", "training.loss_scale.growth_interval"},
               "only the compute_dtype fp16 scales its loss");
}

void CheckAnomaly(FieldChecks& checks) {
  const AnomalySpec& anomaly = checks.run().training.on_anomaly;
  if (!checks.Usable({"training.on_anomaly.action"})) return;
  if (anomaly.action == AnomalyAction::kStop) {
    RefuseUnread(checks, {"training.on_anomaly.window", "training.on_anomaly.sigma"},
                 "the action 'stop' looks only for values that are not finite");
  }
  const bool without_checkpoint =
      checks.Usable({"checkpoint.interval_steps"}) && checks.run().checkpoint.interval_steps == 0;
  if (anomaly.action == AnomalyAction::kRollback && without_checkpoint) {
    checks.Report(checks.Latest({"training.on_anomaly.action", "checkpoint.interval_steps"}),
                  "the action 'rollback' needs checkpoints, and checkpoint.interval_steps is 0");
  }
}

void CheckFinalAverage(FieldChecks& checks) {
  const TrainingSpec& training = checks.run().training;
  if (!checks.Usable({"training.final_average", "training.steps", "training.eval_interval"}))
    return;
  // One before the first step, one each eval_interval, one at the end.
  const bool apart = training.steps % training.eval_interval != 0;
  const int64_t further = std::ranges::count_if(training.eval_steps, [&](int64_t step) {
    return step < training.steps && step % training.eval_interval != 0;
  });
  const int64_t evaluations =
      1 + training.steps / training.eval_interval + (apart ? 1 : 0) + further;
  if (training.final_average <= evaluations) return;
  checks.Report(
      checks.Latest({"training.final_average", "training.eval_interval", "training.steps"}),
      absl::StrCat("final_average is ", training.final_average, ", and ", training.steps,
                   " steps have ", evaluations, " evaluations"));
}

// States that fit no tensor would say that memory is saved, and save none. Muon keeps none of them.
void CheckStates(FieldChecks& checks) {
  const OptimizerSpec& optimizer = checks.run().optimizer;
  if (!checks.Usable({"optimizer.states", "optimizer.name", "model.kind"})) return;
  if (optimizer.states == OptimizerStates::kFp32) return;
  const auto small = [&optimizer](const TensorInfo& tensor) {
    return tensor.shares.empty() && !UpdatedByMuon(optimizer, tensor) &&
           StatesOf(optimizer, tensor) == optimizer.states;
  };
  if (std::ranges::any_of(ModelTensors(checks.run().model), small)) return;
  checks.Report(
      "optimizer.states",
      absl::StrCat("has no effect: no tensor ",
                   optimizer.name == "muon" ? "that Muon leaves to AdamW" : "of the model",
                   " has at least ", kFewestSmallStates, " values and a multiple of ",
                   StateBlock(optimizer.states)));
}

void CheckStoredTypes(FieldChecks& checks) {
  const RunSpec& run = checks.run();
  if (!checks.Usable({"training.compute_dtype", "optimizer.masters", "optimizer.gradients"}))
    return;
  if (run.training.compute_dtype != ComputeDtype::kFp16) return;
  if (run.optimizer.masters == StoredDtype::kBf16) {
    checks.Report(checks.Latest({"optimizer.masters", "training.compute_dtype"}),
                  "bf16 masters and the compute_dtype fp16 exclude each other: the masters have "
                  "fewer digits than what is computed from them");
  }
  if (run.optimizer.gradients == StoredDtype::kBf16) {
    checks.Report(checks.Latest({"optimizer.gradients", "training.compute_dtype"}),
                  "bf16 gradients and the compute_dtype fp16 exclude each other: what fp16 and its "
                  "loss scale keep, bf16 rounds away");
  }
}

}  // namespace

void CheckTraining(FieldChecks& checks) {
  CheckLossScale(checks);
  CheckAnomaly(checks);
  CheckFinalAverage(checks);
}

void CheckOptimizer(FieldChecks& checks) {
  if (checks.Usable({"optimizer.name"}) && checks.run().optimizer.name != "muon") {
    RefuseUnread(
        checks,
        {"optimizer.muon.learning_rate", "optimizer.muon.momentum", "optimizer.muon.weight_decay",
         "optimizer.muon.iterations", "optimizer.muon.scale", "optimizer.muon.dtype"},
        "optimizer.name is not 'muon'");
  }
  CheckStates(checks);
  CheckStoredTypes(checks);
}

}  // namespace fp4::spec
