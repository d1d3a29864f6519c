#include "client/target.h"

#include "absl/strings/str_cat.h"
#include "base/reasons.h"

namespace fp4::client {

std::vector<v1::Run> Target::runs() const {
  if (is_run) return {run};
  return {experiment.runs().begin(), experiment.runs().end()};
}

absl::StatusOr<Target> FindTarget(Connection& connection, const std::string& id) {
  auto experiment = connection.GetExperiment(id);
  if (!experiment.ok() && !absl::IsNotFound(experiment.status()) &&
      ReasonOf(experiment.status()) != reason::kAmbiguousId) {
    return experiment.status();
  }
  if (experiment.ok() && experiment->id() == id) return Target{false, *std::move(experiment), {}};
  auto run = connection.GetRun(id);
  if (run.ok() && (run->id() == id || absl::IsNotFound(experiment.status()))) {
    return Target{true, {}, *std::move(run)};
  }
  if (!run.ok() && !absl::IsNotFound(run.status())) return run.status();
  if (!experiment.ok() && !absl::IsNotFound(experiment.status())) return experiment.status();
  if (run.ok() && experiment.ok()) {
    return ErrorWithReason(
        absl::StatusCode::kInvalidArgument, reason::kAmbiguousId,
        absl::StrCat("'", id, "' fits experiment ", experiment->id(), " and run ", run->id()));
  }
  if (experiment.ok()) return Target{false, *std::move(experiment), {}};
  return ErrorWithReason(absl::StatusCode::kNotFound, reason::kNotFound,
                         absl::StrCat("no experiment and no run '", id, "'"));
}

}  // namespace fp4::client
