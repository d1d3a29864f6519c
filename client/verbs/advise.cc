#include <algorithm>
#include <filesystem>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "base/number.h"
#include "base/status_macros.h"
#include "client/advice/document.h"
#include "client/advice/measured.h"
#include "client/advice/read.h"
#include "client/errors.h"
#include "client/layout.h"
#include "client/render/json.h"
#include "client/submission.h"
#include "client/target.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id;
  int64_t step = -1;
  bool submit = false, print = false;
  int64_t moves = 6;
  std::vector<std::string> seeds;
};

constexpr char kHelp[] = R"(
What the next byte would buy: for a run whose document has `"sensitivity": {"advise": true}`, the predicted fall of the
loss if a layer had more bits, more units, or one more layer behind it, and how many bytes of stored weights that takes.
The layer where most can be gained comes first, with all its moves, the largest gain per byte first.

--submit trains the best of these moves, as variants of a new experiment beside the run's own document, with the same
steps and seeds. Of that experiment `fp4ctl advise` prints prediction and result side by side: the fall of val/loss
against the variant "base", paired by seed, with its 95 % interval, and each move's ranks by it and by it per byte.

Examples:
  fp4ctl advise b2c3
  fp4ctl advise b2c3 --submit --moves 8 --seeds 1 --seeds 2 --seeds 3
  fp4ctl advise b2c3 --print > moves.json
  fp4ctl advise k7x2
  fp4ctl advise b2c3 -o json | jq '.moves[0].change')";

absl::StatusOr<std::vector<int64_t>> SeedsOf(const Options& options, const v1::Run& run,
                                             Connection& connection) {
  std::vector<int64_t> seeds;
  for (const std::string& text : options.seeds) {
    const auto seed = ParseNumber<int64_t>(text, 0);
    if (!seed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--seeds: '", text, "' is no whole number from 0 on"));
    }
    seeds.push_back(*seed);
  }
  if (!seeds.empty()) return seeds;
  FP4_ASSIGN_OR_RETURN(const v1::Experiment experiment,
                       connection.GetExperiment(run.experiment_id()));
  for (const v1::Run& other : experiment.runs())
    if (other.variant() == run.variant()) seeds.push_back(other.seed());
  return seeds;
}

// The best of those that are predicted to gain something.
std::vector<spec::PredictedMove> BestMoves(const spec::ScoreTable& table, int64_t count) {
  std::vector<spec::PredictedMove> best;
  for (const spec::PredictedMove& move : table.moves)
    if (move.gain > 0 && static_cast<int64_t>(best.size()) < count) best.push_back(move);
  return best;
}

absl::StatusOr<std::string> TrialDocument(const Options& options, const v1::Run& run,
                                          const spec::ScoreTable& table,
                                          const std::vector<spec::Offer>& offers,
                                          Connection& connection) {
  FP4_ASSIGN_OR_RETURN(std::vector<int64_t> seeds, SeedsOf(options, run, connection));
  return AdviceDocument(
      {.run_document = run.resolved_document(),
       .description = absl::StrCat("The moves that run ", run.id(), " was advised at step ",
                                   table.step, ", beside what it was"),
       .moves = BestMoves(table, options.moves),
       .seeds = std::move(seeds)},
      offers);
}

absl::StatusOr<ExitCode> Submit(const std::string& document, Context& context,
                                Connection& connection) {
  v1::CreateExperimentRequest request;
  request.set_document(document);
  request.set_document_name("advice.json");
  request.set_request_id(NewRequestId());
  auto experiment = CreateExperiment(connection, request);
  if (!experiment.ok()) return ReportError(experiment.status(), context.err, "advice.json");
  PrintSubmission(*experiment, false, context);
  if (!context.json)
    context.err << "Prediction beside result: fp4ctl advise " << experiment->id() << "\n";
  return ExitCode::kOk;
}

void PrintTable(const v1::Run& run, const spec::ScoreTable& table,
                const std::vector<spec::Offer>& offers, Context& context) {
  if (context.json) {
    context.out << "{\"run\":\"" << run.id() << "\",\"step\":" << table.step << ","
                << spec::AdviceJson(table, offers).substr(1) << "\n";
    return;
  }
  context.out << "step " << table.step << ", " << table.targets << " targets\n"
              << spec::FormatMoves(table.moves);
}

absl::StatusOr<ExitCode> AdviseRun(const Options& options, const v1::Run& run, Context& context,
                                   Connection& connection) {
  FP4_ASSIGN_OR_RETURN(const spec::ScoreTable table,
                       ReadAdvice(run.id(), options.step, connection));
  FP4_ASSIGN_OR_RETURN(const std::vector<spec::Offer> offers, OffersOf(run.resolved_document()));
  if (!options.submit && !options.print) {
    PrintTable(run, table, offers, context);
    return ExitCode::kOk;
  }
  FP4_ASSIGN_OR_RETURN(const std::string document,
                       TrialDocument(options, run, table, offers, connection));
  if (options.submit) return Submit(document, context, connection);
  context.out << document;
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> AdviseExperiment(const Options& options, const v1::Experiment& experiment,
                                          Context& context, Connection& connection) {
  if (options.submit || options.print) {
    return absl::InvalidArgumentError(
        absl::StrCat(experiment.id(),
                     " is an experiment; moves are made from the advice of one "
                     "run (fp4ctl describe ",
                     experiment.id(), ")"));
  }
  FP4_ASSIGN_OR_RETURN(const ExperimentAdvice advice,
                       ReadExperimentAdvice(experiment, options.step, connection));
  if (context.json) {
    context.out << MeasuredJson(experiment.id(), advice) << "\n";
    return ExitCode::kOk;
  }
  context.out << advice.comparison.metric() << ", fall against " << Printable(advice.variant)
              << "; advice of step " << advice.step << ", mean over " << advice.runs
              << (advice.runs == 1 ? " run\n" : " runs\n")
              << RenderMeasured(advice.moves, LayoutOf(context));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  if (options.submit && options.print)
    return absl::InvalidArgumentError("--submit and --print exclude each other");
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const Target target, FindTarget(*connection, options.id));
  return target.is_run ? AdviseRun(options, target.run, context, *connection)
                       : AdviseExperiment(options, target.experiment, context, *connection);
}

}  // namespace

Verb AdviseVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "advise",
          .summary = "Print what more bits, units and layers would gain, or train it",
          .help = kHelp,
          .options = {{.names = "ID",
                       .target = &options->id,
                       .help = "A run, or an experiment that --submit has made",
                       .required = true},
                      {.names = "--step",
                       .target = &options->step,
                       .help = "The advice of this step; without it the newest",
                       .range = {0, std::numeric_limits<int64_t>::max()}},
                      {.names = "--submit",
                       .target = &options->submit,
                       .help = "Train the best moves beside the run's own document"},
                      {.names = "--print",
                       .target = &options->print,
                       .help = "Write the document that --submit would send"},
                      {.names = "--moves",
                       .target = &options->moves,
                       .help = "How many moves are trained",
                       .range = {1, 63}},
                      {.names = "--seeds",
                       .target = &options->seeds,
                       .help = "A seed to train with; without it those of the run's variant",
                       .value_name = "SEED"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
