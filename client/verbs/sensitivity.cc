#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/errors.h"
#include "client/scores.h"
#include "client/target.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id;
  int64_t step = -1;
};

constexpr char kHelp[] = R"(
What each layer would cost the loss under other recipes: the newest scores that a run has measured, because its document
has the section `sensitivity` or a byte budget (precision.budget). A score is the predicted change of the loss if only that
layer changed; behind it, in parentheses, its standard error.

Examples:
  fp4ctl sensitivity b2c3
  fp4ctl sensitivity b2c3 --step 200
  fp4ctl sensitivity b2c3 -o json | jq '.layers[].scores[].loss_change')";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(Target target, FindTarget(*connection, options.id));
  if (!target.is_run) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.id, " is an experiment; scores belong to a run (fp4ctl describe ",
                     options.id, ")"));
  }
  FP4_ASSIGN_OR_RETURN(const std::vector<spec::ScoreTable> tables,
                       ReadScores(target.run.id(), *connection));
  const auto table = options.step < 0
                         ? (tables.empty() ? tables.end() : tables.end() - 1)
                         : std::ranges::find(tables, options.step, &spec::ScoreTable::step);
  if (table == tables.end()) {
    const std::string at = options.step < 0 ? "" : absl::StrCat(" at step ", options.step);
    return NoSuch(absl::StrCat("run ", target.run.id(), " has no scores", at,
                               "; its document asks for them by `sensitivity` or "
                               "precision.budget, and the first come after some updates"));
  }
  if (context.json) {
    context.out << "{\"run\":\"" << target.run.id() << "\",\"step\":" << table->step << ","
                << spec::ToJson(*table).substr(1) << "\n";
    return ExitCode::kOk;
  }
  context.out << "step " << table->step << ", " << table->targets << " targets\n"
              << spec::FormatScoreTable(*table);
  return ExitCode::kOk;
}

}  // namespace

Verb SensitivityVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "sensitivity",
          .summary = "Print what layers would cost the loss under other recipes",
          .help = kHelp,
          .options = {{.names = "RUN", .target = &options->id, .help = "A run", .required = true},
                      {.names = "--step",
                       .target = &options->step,
                       .help = "The scores of this step; without it the newest",
                       .range = {0, std::numeric_limits<int64_t>::max()}}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
