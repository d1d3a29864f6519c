// The writer's view of everything: the state in memory that decisions are made from, and the
// database, changed together.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/ids.h"
#include "server/core/cluster_state.h"
#include "server/core/decide.h"
#include "server/core/resumption.h"
#include "server/store/connection.h"
#include "server/store/event_rows.h"
#include "server/store/records.h"
#include "server/store/running_search.h"

namespace fp4::store {

// What the writer knows of a run beside core's RunEntry.
struct RunInfo {
  int64_t row = 0, experiment_row = 0, variant_row = 0;
  int64_t last_seq = 0;  // stored
  int64_t step = 0;      // highest stored
  int64_t queued_ms = 0;
  std::optional<int64_t> trial = {};  // its number, of a search
  SeriesRows series;
  // Its last attempt's log is being delivered after the end of the lease; until it is stored up to
  // here, the run is not assigned again (RunEntry::not_before). In memory only.
  std::optional<int64_t> awaited_seq;
};

// What the writer knows of a worker beside core's WorkerEntry.
struct WorkerInfo {
  int64_t row = 0;
  // In memory only, on the boot clock: its last call, and the last answer to a call that waited.
  absl::Duration last_seen = -absl::InfiniteDuration();
  absl::Duration last_answered = -absl::InfiniteDuration();
  // After the controller's start nobody can have called yet.
  absl::Duration presumed_live_until = -absl::InfiniteDuration();
  absl::Time last_seen_time;
  absl::Time saved_seen_time = absl::InfinitePast();  // as stored
  std::string place = {};                             // core::ClaimHolder
  std::string owner = {};  // the identity that registered it; empty: nobody was asked
  std::vector<std::string> superseded = {};
  std::optional<HostFacts> host_facts = {};  // in memory only
  std::string refused_incarnation = {};      // the last one that claimed its id; in memory only
};

// What a batch did, for observers, once it is durable.
struct BatchEffects {
  size_t num_points = 0, num_events = 0;
  std::vector<std::pair<core::RunState, core::RunState>> transitions;
  std::vector<absl::Duration> queue_waits;
  size_t num_leases_expired = 0;
  std::vector<std::string> findings;              // codes of health events
  size_t num_from_zero = 0, num_passed_over = 0;  // attempts: core::ResumptionFinding
};

// Used by the writer's thread only. Functions throw when the database fails; the writer then rolls
// back and loads anew.
class Ledger {
 public:
  Ledger(Connection& connection, const Clock& clock, IdSource& ids, core::DecisionTiming timing,
         core::SchedulingPolicy policy)
      : connection_(connection), clock_(clock), ids_(ids), timing_(timing) {
    state_.policy = std::move(policy);
  }

  // Reads the unfinished runs, the leases and the workers; every lease gets a full term. What is
  // known of workers in memory only is kept.
  void Load();

  // ---- A batch: everything between StartBatch and Commit or Rollback belongs to one transaction,
  // which begins with the first write. Time stands still within it.
  void StartBatch();
  // False: nothing was written.
  bool Commit();
  void Rollback();
  bool wrote() const { return in_transaction_; }
  const BatchEffects& effects() const { return effects_; }

  absl::Time now() const { return now_; }
  absl::Duration since_boot() const { return since_boot_; }
  const core::DecisionTiming& timing() const { return timing_; }
  int64_t cursor() const { return cursor_; }
  IdSource& ids() { return ids_; }

  Connection& db() { return connection_; }
  // For a write: begins the transaction if none is open.
  Connection& Writing();

  core::ClusterState& state() { return state_; }
  const core::ClusterState& state() const { return state_; }
  std::map<std::string, WorkerInfo>& workers() { return workers_; }
  const std::map<std::string, WorkerInfo>& workers() const { return workers_; }
  // When ForgetSilentWorkers looks again.
  absl::Duration& next_look_at_workers() { return next_look_at_workers_; }
  // Whether `next` has come; then it is moved on by `interval`.
  bool IsDue(absl::Duration& next, absl::Duration interval) const {
    if (since_boot_ < next) return false;
    next = since_boot_ + interval;
    return true;
  }
  std::map<core::RunState, int64_t>& counts() { return counts_; }

  // ---- Runs.
  // The run's entry, loaded for the time of the batch if it has finished; null: no such run.
  core::RunEntry* FindRun(const std::string& id);
  RunInfo& Info(const std::string& id) { return infos_.at(id); }

  // Takes a run that the batch has inserted, with its first state change.
  void AddRun(const std::string& id, core::RunEntry entry, RunInfo info);
  // Writes `next`, a changed copy of the run's entry, as its new state, with an event. The
  // transition is a legal one; the UPDATE names the state and attempt that are left.
  void ChangeRun(const std::string& id, core::RunEntry next, StateChange change);

  // ---- Events.
  void AppendEvent(const EventRow& row);
  // Of an event whose kind nobody here can name only the seq is kept.
  void StoreTrainerEvent(const std::string& run_id, const spec::Event& event);
  int64_t NextCursor() { return ++cursor_; }

  // ---- Searches (searches.h), by their experiments' rows: read when they are first needed.
  std::map<int64_t, RunningSearch>& searches() { return searches_; }
  // Those that may make further trials.
  std::set<int64_t>& unfilled_searches() { return unfilled_searches_; }
  // Trials that have ended in this batch and that nobody has taken notice of.
  std::vector<std::string> TakeEndedTrials() { return std::exchange(ended_trials_, {}); }

  void CountQueueWait(absl::Duration waited) { effects_.queue_waits.push_back(waited); }
  void CountExpiredLease() { ++effects_.num_leases_expired; }
  void CountResumption(const core::ResumptionFinding& finding) {
    effects_.num_from_zero += finding.from_zero ? 1 : 0;
    effects_.num_passed_over += finding.passed_over ? 1 : 0;
  }

 private:
  void LoadWorkers();
  WorkerInfo InfoOf(const Query& query, const std::map<std::string, WorkerInfo>& known) const;
  void LoadLeases();
  void LoadLostWorkers();
  void LoadCounts();
  void LoadSearches();
  bool LoadFinishedRun(const std::string& id);
  void ForgetFinishedRuns();

  Connection& connection_;
  const Clock& clock_;
  IdSource& ids_;
  const core::DecisionTiming timing_;

  core::ClusterState state_;
  std::unordered_map<std::string, RunInfo> infos_;  // of the runs in state_
  std::map<std::string, WorkerInfo> workers_;       // of the workers in state_
  std::map<core::RunState, int64_t> counts_;        // all runs that are not deleted
  absl::Duration next_look_at_workers_ = -absl::InfiniteDuration();
  int64_t cursor_ = 0, stored_cursor_ = 0;

  std::map<int64_t, RunningSearch> searches_;
  std::set<int64_t> unfilled_searches_;
  std::vector<std::string> ended_trials_;

  // Runs that have finished in this batch, or were loaded for it; then forgotten.
  std::vector<std::string> maybe_finished_;

  bool in_transaction_ = false;
  absl::Time now_;
  absl::Duration since_boot_;
  BatchEffects effects_;
};

}  // namespace fp4::store
