#include "client/scores.h"

#include <map>

#include "base/status_macros.h"

namespace fp4::client {
namespace {

absl::StatusOr<spec::ScoreTable> TableOf(const v1::Event& event) {
  if (event.has_sensitivity())
    return spec::ParseScoreTable(event.sensitivity().step(), event.sensitivity().json());
  FP4_ASSIGN_OR_RETURN(spec::Decision decision,
                       spec::ParseDecision(event.decision().step(), event.decision().json()));
  return std::move(decision.scores);
}

}  // namespace

absl::StatusOr<std::vector<spec::ScoreTable>> ReadScores(const std::string& run_id,
                                                         Connection& connection) {
  v1::WatchRequest request;
  request.add_run_ids(run_id);
  request.set_no_follow(true);
  auto stream = connection.Watch(request);
  std::map<int64_t, spec::ScoreTable> by_step;
  v1::Event event;
  while (stream->Next(event)) {
    if (!event.has_sensitivity() && !event.has_decision()) continue;
    FP4_ASSIGN_OR_RETURN(spec::ScoreTable table, TableOf(event));
    const int64_t step = table.step;
    by_step[step] = std::move(table);
  }
  FP4_RETURN_IF_ERROR(stream->Finish());
  std::vector<spec::ScoreTable> tables;
  for (auto& [step, table] : by_step) tables.push_back(std::move(table));
  return tables;
}

}  // namespace fp4::client
