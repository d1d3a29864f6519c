#include "base/status_macros.h"
#include "client/connection.h"
#include "client/layout.h"
#include "client/render/json.h"
#include "client/render/runs.h"
#include "client/target.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id;
};

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(Target target, FindTarget(*connection, options.id));
  if (context.json) {
    context.out << (target.is_run ? RunJson(target.run) : ExperimentJson(target.experiment))
                << "\n";
    return ExitCode::kOk;
  }
  const Layout layout = LayoutOf(context);
  context.out << (target.is_run ? RenderRun(target.run, absl::Now(), layout)
                                : RenderExperiment(target.experiment, absl::Now(), layout));
  return ExitCode::kOk;
}

}  // namespace

Verb DescribeVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "describe",
          .summary = "Print all about an experiment or a run",
          .help = "",
          .options = {{.names = "ID",
                       .target = &options->id,
                       .help = "An experiment or a run",
                       .required = true}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
