// What the store gives back: plain data. Ids are the public ones, states and slots those of
// server/core.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "server/core/checkpoint_retention.h"
#include "server/core/cluster_state.h"
#include "server/core/run_state.h"
#include "server/core/slot.h"
#include "spec/events.h"

namespace fp4::store {

struct StateChange {
  core::RunState state = core::RunState::kQueued;
  std::string reason;   // a string of base/reasons.h; may be empty
  std::string message;  // for people
  std::string worker;   // the worker's name where one is concerned
};

// One stored event. seq 0: made by the controller (a state change, or a log entry with a dead
// trainer's last words), else the trainer's.
struct StoredEvent {
  int64_t cursor = 0;  // the global commit number
  std::string run_id;
  int32_t attempt = 0;
  int64_t seq = 0;
  absl::Time time;
  std::variant<spec::EventKind, StateChange> kind;
};

struct RunRecord {
  std::string id, experiment_id, experiment_name, variant;
  uint64_t seed = 0;
  core::RunState state = core::RunState::kQueued;
  std::string reason, message;  // of the last state change
  int32_t attempt = 0;          // current or last; 0: never assigned
  int32_t num_restarts = 0;
  std::string worker;  // name, of the current or last attempt
  std::vector<int32_t> slots;
  int64_t step = 0;  // highest reported
  int64_t total_steps = 0;
  absl::Time create_time;
  std::optional<absl::Time> start_time;  // first assignment
  std::optional<absl::Time> finish_time;
  std::vector<std::pair<std::string, double>> latest;  // value at the highest step, by name
  std::vector<spec::HealthEvent> health;
};

// A checkpoint that exists, as far as is known.
struct CheckpointRecord {
  core::CheckpointKey key;
  int64_t bytes = 0;   // of the state
  std::string sha256;  // of the state
  std::string worker;  // the name of the worker on whose disk it lies; empty: on none
  std::string path;    // its folder there
  std::optional<absl::Time> stored_time;  // where the controller holds it: since when
  bool is_last = false, is_best = false;  // why it is kept: core::KeptCheckpoints
  bool stored() const { return stored_time.has_value(); }
};
struct RunCheckpoints {
  std::string run_id;
  std::vector<CheckpointRecord> checkpoints;  // newest first
};

// One that the controller holds.
struct StoredCheckpoint {
  std::string run_id;
  core::CheckpointKey key;
  int64_t bytes = 0;
  std::string sha256;
};

// What one run has beside its record.
struct RunDetails {
  RunRecord run;
  // The run's document: compute type and threads as chosen at the experiment's first assignment,
  // as written before it.
  std::string resolved_document;
  std::string started_json;                   // of the newest `started`; empty: none yet
  std::vector<CheckpointRecord> checkpoints;  // newest first
  std::string stderr_tail;                    // of the last attempt that ended; may be empty
};

struct TrialRung {
  int64_t step = 0;
  double metric = 0;  // the first of the search's metrics
  bool kept = true;
  std::string why;
};

struct TrialRecord {
  std::string run_id, variant;
  uint64_t seed = 0;
  int64_t number = 0;       // from 1
  std::string values_json;  // {"optimizer.learning_rate": 0.001}
  std::vector<TrialRung> rungs;
  std::string state;  // of the run; "stopped": by the search
  std::string why;
  std::vector<double> metrics;  // of a completed trial
  bool best = false;
};

struct SearchRecord {
  std::string method;
  std::vector<std::string> metrics, goals;
  std::vector<TrialRecord> trials;  // in the order in which they were made
  int64_t num_trials = 0;           // that there will be
  int64_t num_invalid = 0;
  std::string ended;
};

struct ExperimentRecord {
  std::string id, name, project, description;
  std::vector<std::string> labels;
  std::string document, document_name;
  std::vector<std::string> overrides;
  std::string created_by;
  absl::Time create_time;
  int32_t num_runs = 0, num_finished = 0;
  std::vector<RunRecord> runs;  // of GetExperiment only, in the document's order; one page of them
  std::string next_runs_token;  // of GetExperiment: more runs follow; empty: that was all
  std::optional<SearchRecord> search;  // of GetExperiment only, where it has one
};

struct VariantRecord {
  std::string name;
  std::string resolved_document;  // spec::Variant's
};

struct Point {
  int64_t step = 0;
  double value = 0;     // NaN and infinities as measured
  int32_t attempt = 0;  // the one that counts
};

struct SeriesRecord {
  std::string name;
  std::vector<Point> points;  // by step, one each; empty where only the names were asked for
  int64_t num_points = 0;     // in the range that was asked for, before any reduction
};

// One page of what a run's metrics are asked for.
struct MetricsPage {
  std::vector<SeriesRecord> series;
  std::string next_token;                  // empty: that was all
  std::vector<std::string> unknown_names;  // asked for, and the run has no such series (yet)
  std::vector<std::string> known_names;    // all that there are, when unknown_names has any
};

// One metric of one run among the curves of several.
struct CurveRecord {
  std::string run_id, variant;
  uint64_t seed = 0;
  std::string name;
  std::vector<Point> points;  // in the range that was asked for; may be empty
};

// One page of a watch.
struct EventPage {
  std::vector<StoredEvent> events;  // by cursor
  int64_t next_cursor = 0;          // pass it for the next page
  bool at_end = false;              // nothing of these runs is stored after next_cursor
  bool all_finished = false;        // every run has finished; as of the same snapshot as at_end
};

template <typename Record>
struct Page {
  std::vector<Record> items;
  std::string next_token;  // empty: that was all
};

// What a worker tells of its host.
struct HostFacts {
  absl::Time time;                          // its clock
  int64_t free_bytes = 0, total_bytes = 0;  // of the disk of its work directory
  absl::Duration clock_ahead;               // of the controller's
};

struct WorkerRecord {
  std::string id, name, host, version;
  std::vector<core::Slot> slots;
  std::map<int32_t, std::string> run_of_slot;  // slot index -> run id
  bool connected = false;
  std::string problem;  // why it gets no work although it is connected; empty: it does
  core::Drain drain = core::Drain::kNone;
  std::optional<HostFacts> host_facts;  // as it last told
  absl::Time last_seen;
};

// One run's part of a comparison. Series are by step; empty where the run has none.
struct CompareInput {
  std::string run_id, variant;
  uint64_t seed = 0;
  core::RunState state = core::RunState::kQueued;
  std::vector<Point> curve;                // of the metric
  std::vector<Point> excess_loss;          // val/excess_loss
  std::vector<Point> throughput;           // train/tokens_per_second
  std::optional<double> final_accuracy;    // val/accuracy
  std::optional<double> joules;            // energy/joules
  std::optional<double> state_bytes;       // memory/state_bytes
  std::optional<double> peak_bytes;        // the largest memory/peak_bytes
  std::vector<std::string> started_jsons;  // of the attempts that began, the newest last
  std::vector<std::string> hosts;          // of the attempts, each once, sorted
  std::vector<spec::HealthEvent> health;
};

}  // namespace fp4::store
