#include "client/watch/board.h"

#include <algorithm>

#include "base/metric_names.h"
#include "client/render/runs.h"
#include "client/render/waiting.h"

namespace fp4::client {
namespace {

constexpr size_t kSamples = 16;

void ApplyMetrics(const v1::Metrics& metrics, absl::Time time, RunProgress& run) {
  run.step = metrics.step();
  for (const v1::Value& value : metrics.values()) {
    if (value.name() == metric::kTrainLoss) run.loss = value.value();
    if (value.name() == metric::kValLoss) run.val_loss = value.value();
    if (value.name() == metric::kValAccuracy) run.accuracy = value.value();
    if (value.name() == metric::kTokensPerSecond) run.tokens_per_second = value.value();
  }
  if (!run.samples.empty() && run.samples.back().step >= run.step) return;
  run.samples.push_back({time, run.step});
  if (run.samples.size() > kSamples) run.samples.pop_front();
}

void ApplyState(const v1::StateChange& change, RunProgress& run) {
  run.state = change.state();
  run.reason = change.reason();
  run.message = change.message();
  run.waiting.clear();
}

}  // namespace

std::optional<absl::Duration> RunProgress::TimeLeft(absl::Time now) const {
  if (samples.size() < 2 || total_steps <= step) return std::nullopt;
  const Sample &first = samples.front(), &last = samples.back();
  const absl::Duration per_step = (last.time - first.time) / (last.step - first.step);
  if (per_step <= absl::ZeroDuration()) return std::nullopt;
  return std::max(absl::ZeroDuration(), per_step * (total_steps - last.step) - (now - last.time));
}

Board::Board(std::string title, const std::vector<v1::Run>& runs) : title_(std::move(title)) {
  for (const v1::Run& run : runs) Add(run);
}

void Board::Add(const v1::Run& run) {
  if (!index_.emplace(run.id(), runs_.size()).second) return;
  runs_.push_back({.id = run.id(),
                   .variant = run.variant(),
                   .seed = run.seed(),
                   .state = run.state(),
                   .reason = run.reason(),
                   .message = run.message(),
                   .waiting = run.state() == v1::RUN_STATE_QUEUED ? run.message() : "",
                   .attempt = run.attempt(),
                   .step = 0,
                   .total_steps = run.total_steps(),
                   .loss = {},
                   .val_loss = {},
                   .accuracy = {},
                   .tokens_per_second = {},
                   .health = {},
                   .samples = {}});
}

void Board::Apply(const v1::Event& event) {
  auto found = index_.find(event.run_id());
  if (found == index_.end()) return;
  RunProgress& run = runs_[found->second];
  if (event.attempt() != run.attempt) {
    run.attempt = event.attempt();
    run.samples.clear();
  }
  if (event.has_metrics()) ApplyMetrics(event.metrics(), ToTime(event.time()), run);
  if (event.has_health()) run.health.push_back(event.health());
  if (event.has_state()) ApplyState(event.state(), run);
}

void Board::SetWaiting(const std::string& run_id, const std::string& why) {
  auto found = index_.find(run_id);
  if (found == index_.end()) return;
  RunProgress& run = runs_[found->second];
  run.waiting = run.state == v1::RUN_STATE_QUEUED ? why : "";
}

std::vector<std::string> Board::WaitingLines() const {
  std::vector<std::string> reasons;
  for (const RunProgress& run : runs_) reasons.push_back(run.waiting);
  return client::WaitingLines(reasons);
}

bool Board::AnyQueued() const {
  return std::ranges::any_of(
      runs_, [](const RunProgress& run) { return run.state == v1::RUN_STATE_QUEUED; });
}

const RunProgress* Board::Find(const std::string& run_id) const {
  auto found = index_.find(run_id);
  return found == index_.end() ? nullptr : &runs_[found->second];
}

}  // namespace fp4::client
