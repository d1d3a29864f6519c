// A search as people see it.
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "server/store/reader.h"
#include "server/store/search_rows.h"

namespace fp4::store {
namespace {

constexpr int64_t kLastStep = std::numeric_limits<int64_t>::max();

TrialRecord ReadTrial(Connection& connection, const Query& query) {
  TrialRecord trial;
  trial.run_id = query.Text(1);
  trial.number = query.Int(2) + 1;
  trial.variant = query.Text(3);
  trial.seed = static_cast<uint64_t>(query.Int(4));
  trial.values_json = query.Text(5);
  const bool stopped = query.Text(7) == reason::kStoppedBySearch;
  trial.state = stopped && query.Text(6) == "cancelled" ? "stopped" : query.Text(6);
  const std::string message = query.Text(8);
  trial.why = stopped || message.empty() ? message
              : query.Text(7).empty()    ? message
                                         : absl::StrCat(query.Text(7), ": ", message);
  for (RungRow& row : ReadRungs(connection, query.Int(0))) {
    trial.rungs.push_back({row.step, row.metrics.front(), row.kept, std::move(row.why)});
  }
  return trial;
}

class SearchReader {
 public:
  SearchReader(Connection& connection, RunningSearch search)
      : connection_(connection), search_(std::move(search)) {}

  SearchRecord Read() {
    Describe();
    Query query(connection_,
                "SELECT runs.row, runs.id, trial, variants.name, seed, search_values, state, "
                "reason, message FROM runs JOIN variants ON variants.row = variant "
                "WHERE runs.experiment = ? AND trial IS NOT NULL ORDER BY trial",
                search_.key.row);
    while (query.Next()) {
      record_.trials.push_back(ReadTrial(connection_, query));
      AddEnd(query.Int(0));
    }
    const std::vector<bool> best = core::BestOf(losses_);
    for (size_t i = 0; i < best.size(); ++i) record_.trials[i].best = best[i];
    return std::move(record_);
  }

 private:
  void Describe() {
    static constexpr const char* kMethods[] = {"grid", "random", "asha"};
    record_.method = kMethods[static_cast<size_t>(search_.search().method)];
    for (const spec::SearchMetric& metric : search_.search().metrics) {
      record_.metrics.push_back(metric.name);
      record_.goals.emplace_back(metric.maximize ? "maximize" : "minimize");
    }
    record_.num_invalid = search_.num_invalid;
    record_.ended = search_.ended;
    const bool grid = search_.search().method == spec::SearchMethod::kGrid;
    record_.num_trials = search_.ended.empty() ? core::NumTrials(search_.experiment) -
                                                     (grid ? search_.num_invalid : 0)
                                               : search_.next_trial - search_.num_invalid;
  }

  // What the newest trial came to in the end.
  void AddEnd(int64_t run_row) {
    TrialRecord& trial = record_.trials.back();
    std::vector<double> unknown(record_.metrics.size(), std::numeric_limits<double>::quiet_NaN());
    if (trial.state != "completed") {
      losses_.push_back(core::Losses(search_.search(), unknown, true));
      return;
    }
    trial.metrics = ReadQuantities(connection_, run_row, record_.metrics, kLastStep);
    const std::string broken = core::BrokenConstraints(
        search_.search(),
        ReadQuantities(connection_, run_row, ConstraintNames(search_.search()), kLastStep));
    if (!broken.empty()) trial.why = broken;
    losses_.push_back(core::Losses(search_.search(), trial.metrics, !broken.empty()));
  }

  Connection& connection_;
  const RunningSearch search_;
  SearchRecord record_;
  std::vector<std::vector<double>> losses_;
};

}  // namespace

std::optional<SearchRecord> Reader::ReadSearchOf(int64_t experiment_row) {
  Query has_search(db_, "SELECT ended FROM searches WHERE experiment = ?", experiment_row);
  if (!has_search.Next()) return std::nullopt;
  absl::StatusOr<RunningSearch> search = ReadSearch(db_, experiment_row);
  if (!search.ok()) {
    SearchRecord record;
    record.ended = std::string(search.status().message());
    return record;
  }
  return SearchReader(db_, *std::move(search)).Read();
}

}  // namespace fp4::store
