#include "client/advice/read.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "base/status_macros.h"
#include "client/comparison_options.h"
#include "client/errors.h"
#include "client/scores.h"

namespace fp4::client {
namespace {

constexpr std::string_view kHow =
    "its document asks for it by \"sensitivity\": {\"advise\": true}, and the first comes after "
    "sensitivity.every updates";

// The tables of the variant's runs that have told advice.
absl::StatusOr<std::vector<spec::ScoreTable>> TablesOf(const v1::Experiment& experiment,
                                                       const std::string& variant, int64_t step,
                                                       Connection& connection) {
  std::vector<spec::ScoreTable> found;
  for (const v1::Run& run : experiment.runs()) {
    if (run.variant() != variant) continue;
    FP4_ASSIGN_OR_RETURN(const std::vector<spec::ScoreTable> tables,
                         ReadScores(run.id(), connection));
    if (const spec::ScoreTable* table = FindAdvice(tables, step)) found.push_back(*table);
  }
  return found;
}

// Runs of a list come without their documents.
absl::StatusOr<std::string> AdvisedVariant(const v1::Experiment& experiment,
                                           Connection& connection) {
  std::string last;
  for (const v1::Run& run : experiment.runs()) {
    if (run.variant() == last) continue;
    last = run.variant();
    FP4_ASSIGN_OR_RETURN(const v1::Run whole, connection.GetRun(run.id()));
    if (AsksForAdvice(whole.resolved_document())) return last;
  }
  return NoSuch(absl::StrCat("experiment ", experiment.id(), " has no advice: no variant has ",
                             "\"sensitivity\": {\"advise\": true}"));
}

std::string Measure(const MeasuredMove& move, const MeasuredRank& rank) {
  if (move.seeds == 0) return "null";
  const auto bound = [](const std::optional<double>& value) {
    return value ? absl::StrCat(*value) : "null";
  };
  return absl::StrCat("{\"gain\":", move.gain, ",\"low\":", bound(move.low),
                      ",\"high\":", bound(move.high), ",\"seeds\":", move.seeds,
                      ",\"gain_per_byte\":", move.gain_per_byte(), ",\"rank\":", rank.by_gain,
                      ",\"rank_per_byte\":", rank.per_byte, "}");
}

}  // namespace

absl::StatusOr<spec::ScoreTable> ReadAdvice(const std::string& run_id, int64_t step,
                                            Connection& connection) {
  FP4_ASSIGN_OR_RETURN(const std::vector<spec::ScoreTable> tables, ReadScores(run_id, connection));
  if (const spec::ScoreTable* table = FindAdvice(tables, step)) return *table;
  return NoSuch(absl::StrCat("run ", run_id, " has no advice",
                             step < 0 ? "" : absl::StrCat(" at step ", step), "; ",
                             std::string(kHow)));
}

absl::StatusOr<ExperimentAdvice> ReadExperimentAdvice(const v1::Experiment& experiment,
                                                      int64_t step, Connection& connection) {
  ExperimentAdvice advice;
  FP4_ASSIGN_OR_RETURN(advice.variant, AdvisedVariant(experiment, connection));
  FP4_ASSIGN_OR_RETURN(const std::vector<spec::ScoreTable> tables,
                       TablesOf(experiment, advice.variant, step, connection));
  if (tables.empty()) {
    return NoSuch(absl::StrCat("no run of variant ", advice.variant, " has told advice",
                               step < 0 ? "" : absl::StrCat(" at step ", step), " yet"));
  }
  std::vector<const spec::ScoreTable*> runs;
  for (const spec::ScoreTable& table : tables) runs.push_back(&table);
  advice.step = tables.front().step;
  advice.runs = static_cast<int64_t>(runs.size());
  ComparisonOptions options;
  options.metric = std::string(metric::kValLoss);
  options.reference = advice.variant;
  FP4_ASSIGN_OR_RETURN(advice.comparison, AskComparison(experiment.id(), options, connection));
  advice.moves = Measured(MeanOver(runs), advice.comparison);
  return advice;
}

std::string MeasuredJson(const std::string& experiment_id, const ExperimentAdvice& advice) {
  std::string moves;
  const std::vector<MeasuredRank> ranks = MeasuredRanks(advice.moves);
  for (size_t i = 0; i < advice.moves.size(); ++i) {
    std::string json = spec::ToJson(advice.moves[i].predicted);
    json.pop_back();
    absl::StrAppend(&moves, moves.empty() ? "" : ",", json,
                    ",\"measured\":", Measure(advice.moves[i], ranks[i]), "}");
  }
  return absl::StrCat("{\"experiment\":\"", experiment_id, "\",\"variant\":\"", advice.variant,
                      "\",\"metric\":\"", advice.comparison.metric(), "\",\"step\":", advice.step,
                      ",\"runs\":", advice.runs, ",\"moves\":[", moves, "]}");
}

}  // namespace fp4::client
