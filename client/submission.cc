#include "client/submission.h"

#include "base/ids.h"
#include "client/layout.h"
#include "client/render/json.h"
#include "client/render/runs.h"
#include "client/render/text.h"

namespace fp4::client {

std::string NewRequestId() { return RandomIds().NewId() + RandomIds().NewId(); }

absl::StatusOr<v1::Experiment> CreateExperiment(Connection& connection,
                                                const v1::CreateExperimentRequest& request) {
  auto experiment = connection.CreateExperiment(request);
  if (!absl::IsUnavailable(experiment.status())) return experiment;
  return connection.CreateExperiment(request);
}

void PrintSubmission(const v1::Experiment& experiment, bool watch, Context& context) {
  if (context.json) {
    context.out << SubmissionJson(experiment) << "\n" << std::flush;
    return;
  }
  context.out << "Experiment " << experiment.id() << " (" << Printable(experiment.name())
              << "): " << experiment.runs_size()
              << (experiment.runs_size() == 1 ? " run queued\n" : " runs queued\n");
  if (watch) return;
  context.out << RenderRuns({experiment.runs().begin(), experiment.runs().end()}, {},
                            LayoutOf(context))
              << "Watch: fp4ctl watch " << experiment.id() << "\n";
}

}  // namespace fp4::client
