#include "server/store/searches.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/reasons.h"
#include "server/store/run_creation.h"
#include "server/store/search_rows.h"

namespace fp4::store {
namespace {

using core::RunState;

// A document is read for each new trial: some milliseconds.
constexpr int kMaxNewTrials = 32;
// So many more points that make no document than points that do: there is hardly one that does.
constexpr int64_t kMaxInvalid = 1000;

// Null, and the search is ended, when its document cannot be read any more.
RunningSearch* FindSearch(Ledger& ledger, int64_t experiment) {
  auto found = ledger.searches().find(experiment);
  if (found != ledger.searches().end()) return &found->second;
  absl::StatusOr<RunningSearch> search = ReadSearch(ledger.db(), experiment);
  if (!search.ok()) {
    LogError("a search cannot go on",
             {{"experiment", experiment}, {"error", std::string(search.status().message())}});
    EndSearch(ledger, experiment, std::string(search.status().message()));
    return nullptr;
  }
  ReadDecisions(ledger.db(), *search);
  return &ledger.searches().emplace(experiment, *std::move(search)).first->second;
}

void StopTrial(Ledger& ledger, const std::string& run_id, const std::string& why) {
  core::RunEntry next = *ledger.FindRun(run_id);
  if (core::IsFinished(next.state) || next.state == RunState::kCancelling) return;
  next.state = next.lease ? RunState::kCancelling : RunState::kCancelled;
  next.stop_reason = std::string(reason::kStoppedBySearch);
  next.stop_message = why;
  const RunState state = next.state;
  ledger.ChangeRun(run_id, std::move(next),
                   {.state = state,
                    .reason = std::string(reason::kStoppedBySearch),
                    .message = why,
                    .worker = ""});
}

size_t NextRung(const RunningSearch& search, int64_t trial) {
  const auto next = search.next_rung.find(trial);
  return next == search.next_rung.end() ? 0 : next->second;
}

// The trial's report at its next rung. `metrics` and `broken` as RungRow has them.
RungRow ReportAtRung(RunningSearch& search, const RunInfo& info, int64_t step,
                     std::vector<double> metrics, std::string broken) {
  const int64_t trial = *info.trial;
  std::vector<core::Rung>& rungs = search.rungs[core::PlanTrial(search.experiment, trial).group];
  const size_t rung = NextRung(search, trial);
  const core::RungDecision decision = rungs[rung].Report(
      {.trial = trial, .losses = core::Losses(search.search(), metrics, !broken.empty())},
      search.search().reduction_factor);
  // Nobody is stopped where the training ends anyway.
  const bool kept = decision.kept || rung + 1 == rungs.size();
  search.next_rung[trial] = kept ? rung + 1 : rungs.size();
  std::string why =
      core::DescribeDecision(search.search(), decision, metrics.front(), step, broken);
  return {.run = info.row,
          .rung = static_cast<int64_t>(rung),
          .report = search.num_reports++,
          .step = step,
          .metrics = std::move(metrics),
          .broken = std::move(broken),
          .kept = kept,
          .why = std::move(why)};
}

// One that failed, or that a user cancelled, counts as worst at the rung that it did not reach.
void NoteFailure(Ledger& ledger, RunningSearch& search, const RunInfo& info,
                 const core::RunEntry& run) {
  const core::TrialPlan plan = core::PlanTrial(search.experiment, *info.trial);
  const std::vector<int64_t> steps = core::RungStepsOf(search.experiment, plan.variant);
  const size_t rung = NextRung(search, *info.trial);
  const bool ended_early = run.state == RunState::kFailed || run.state == RunState::kCancelled;
  if (!ended_early || rung >= steps.size()) return;
  std::vector<double> unknown(search.search().metrics.size(),
                              std::numeric_limits<double>::quiet_NaN());
  RungRow row = ReportAtRung(search, info, steps[rung], std::move(unknown),
                             absl::StrCat("it ", std::string(core::RunStateName(run.state)),
                                          run.state == RunState::kFailed ? "" : " by a user"));
  row.kept = false;
  search.next_rung[*info.trial] = steps.size();
  InsertRung(ledger.Writing(), row);
}

void MakeRun(Ledger& ledger, const RunningSearch& search, const core::TrialPlan& plan,
             const core::TrialVariant& trial) {
  Query earlier(ledger.db(), "SELECT row FROM variants WHERE experiment = ? AND name = ?",
                search.key.row, trial.variant.name);
  const auto num_variants = static_cast<int64_t>(search.experiment.variants.size());
  const int64_t position = plan.point * num_variants + static_cast<int64_t>(plan.variant);
  const int64_t row = earlier.Next() ? earlier.Int(0)
                                     : InsertVariant(ledger, search.key.row, position,
                                                     trial.variant, core::ValuesJson(trial.values));
  InsertRun(ledger, {search.key, search.created_by}, row, trial.variant.run,
            search.experiment.seeds[plan.seed], plan.number);
}

int64_t CountUnfinished(Ledger& ledger, const RunningSearch& search) {
  Query query(ledger.db(), "SELECT COUNT(*) FROM runs WHERE experiment = ? AND finished_ms IS NULL",
              search.key.row);
  return query.Next() ? query.Int(0) : 0;
}

// Trials that are made or were passed over, of those that count against max_trials: values that
// make no document are replaced, but a grid has no others.
bool AllAreMade(const RunningSearch& search) {
  const bool grid = search.search().method == spec::SearchMethod::kGrid;
  const int64_t made = search.next_trial - (grid ? 0 : search.num_invalid);
  return made >= core::NumTrials(search.experiment);
}

std::string WhyEnded(const RunningSearch& search, const std::string& last_invalid) {
  const int64_t made = search.next_trial - search.num_invalid;
  if (AllAreMade(search))
    return absl::StrCat("all ", made, made == 1 ? " trial is" : " trials are", " made");
  if (search.num_invalid <= made + kMaxInvalid) return "";
  return absl::StrCat(search.num_invalid, " points make no document; the last: ", last_invalid);
}

// Makes trials until max_concurrent are going, `budget` is used up or there are no more.
void FillSearch(Ledger& ledger, RunningSearch& search, int& budget) {
  int64_t num_free = search.search().max_concurrent - CountUnfinished(ledger, search);
  std::string last_invalid;
  for (; num_free > 0 && budget > 0; --budget) {
    if (search.ended.empty()) search.ended = WhyEnded(search, last_invalid);
    if (!search.ended.empty()) break;
    const core::TrialPlan plan = core::PlanTrial(search.experiment, search.next_trial++);
    absl::StatusOr<core::TrialVariant> trial =
        core::MakeTrial(search.experiment, search.document, search.overrides, plan);
    if (trial.ok()) {
      MakeRun(ledger, search, plan, *trial);
      --num_free;
    } else {
      last_invalid = std::string(trial.status().message());
      ++search.num_invalid;
    }
  }
  if (search.ended.empty()) search.ended = WhyEnded(search, last_invalid);
  SaveSearch(ledger.Writing(), search);
  if (!search.ended.empty() || num_free <= 0) ledger.unfilled_searches().erase(search.key.row);
}

}  // namespace

void StartSearch(Ledger& ledger, const Key& experiment, const NewExperiment& request) {
  RunningSearch search;
  search.key = experiment;
  search.experiment = request.experiment;
  search.created_by = request.created_by;
  search.document = request.document;
  search.overrides = request.overrides;
  ReadDecisions(ledger.db(), search);
  ledger.unfilled_searches().insert(experiment.row);
  ledger.searches().emplace(experiment.row, std::move(search));
  int budget = kMaxNewTrials;
  FillSearch(ledger, ledger.searches().at(experiment.row), budget);
}

void EndSearch(Ledger& ledger, int64_t experiment_row, const std::string& why) {
  Query(ledger.Writing(), "UPDATE searches SET ended = ? WHERE experiment = ? AND ended = ''", why,
        experiment_row)
      .Run();
  ledger.unfilled_searches().erase(experiment_row);
  auto search = ledger.searches().find(experiment_row);
  if (search != ledger.searches().end() && search->second.ended.empty()) {
    search->second.ended = why;
  }
}

void NoteTrialReport(Ledger& ledger, const std::string& run_id, const spec::MetricsEvent& metrics) {
  const RunInfo& info = ledger.Info(run_id);
  RunningSearch* search = FindSearch(ledger, info.experiment_row);
  if (search == nullptr || search->search().method != spec::SearchMethod::kAsha) return;
  const std::string& name = search->search().metrics.front().name;
  const auto is_told = [&](const auto& value) { return value.first == name; };
  if (std::ranges::none_of(metrics.values, is_told)) return;
  const core::TrialPlan plan = core::PlanTrial(search->experiment, *info.trial);
  const std::vector<int64_t> steps = core::RungStepsOf(search->experiment, plan.variant);
  for (size_t rung = NextRung(*search, *info.trial);
       rung < steps.size() && steps[rung] <= metrics.step; rung = NextRung(*search, *info.trial)) {
    const auto values =
        ReadQuantities(ledger.db(), info.row, MetricNames(search->search()), metrics.step);
    const auto limited =
        ReadQuantities(ledger.db(), info.row, ConstraintNames(search->search()), metrics.step);
    const RungRow row = ReportAtRung(*search, info, metrics.step, values,
                                     core::BrokenConstraints(search->search(), limited));
    InsertRung(ledger.Writing(), row);
    if (!row.kept) StopTrial(ledger, run_id, row.why);
  }
}

void AdvanceSearches(Ledger& ledger) {
  for (const std::string& id : ledger.TakeEndedTrials()) {
    const RunInfo& info = ledger.Info(id);
    RunningSearch* search = FindSearch(ledger, info.experiment_row);
    if (search == nullptr) continue;
    NoteFailure(ledger, *search, info, *ledger.FindRun(id));
    if (search->ended.empty()) {
      ledger.unfilled_searches().insert(info.experiment_row);
    } else if (CountUnfinished(ledger, *search) == 0) {
      ledger.searches().erase(info.experiment_row);
    }
  }
  int budget = kMaxNewTrials;
  const std::set<int64_t> unfilled = ledger.unfilled_searches();
  for (const int64_t experiment : unfilled) {
    if (budget == 0) return;
    RunningSearch* search = FindSearch(ledger, experiment);
    if (search != nullptr) FillSearch(ledger, *search, budget);
  }
}

}  // namespace fp4::store
