// One attempt of one run on this worker, from its assignment (or from being found after the
// worker's restart) until the controller has acknowledged its end.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/allowed_roots.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "worker/host/metrics.h"
#include "worker/host/process.h"
#include "worker/run/attempt.h"
#include "worker/run/delivery.h"
#include "worker/run/run_directory.h"

namespace fp4::worker {

struct RunSettings {
  std::filesystem::path trainer;  // fp4-train
  std::filesystem::path work_dir;
  AllowedRoots allowed{{}};                  // what documents may name
  absl::Duration grace = absl::Seconds(30);  // between SIGTERM and SIGKILL
  Delivery::Pace pace;
};

// What a run works with; all outlive it.
struct RunContext {
  const RunSettings& settings;
  const std::vector<Slot>& slots;  // of the worker, by index
  Processes& processes;
  const Clock& clock;
  WorkerMetrics& metrics;
};

// Not thread-safe: everything happens on the worker's thread.
class Run {
 public:
  enum class Phase {
    kWaiting,  // no trainer yet: for a first renewal, for its slots, for an earlier trainer's end
    kRunning,
    kDelivering,  // the trainer has ended; the rest of its log is on its way
    kTelling,     // the log is delivered; the exit is to be told
    kOver,
  };

  // A new attempt. Where this attempt was started here before, it is only settled or adopted.
  static std::unique_ptr<Run> Assigned(const RunContext& context, Assignment assignment);
  // What lies in a directory; nothing when there is nothing left to do.
  static std::unique_ptr<Run> Found(const RunContext& context, const RunDirectory& directory);

  const Held& lease() const { return lease_; }
  Phase phase() const { return phase_; }
  bool over() const { return phase_ == Phase::kOver; }
  bool trainer_alive() const { return phase_ == Phase::kRunning; }
  const std::vector<int32_t>& slots() const { return slots_; }
  const LogSummary& log() const { return log_.summary(); }
  int64_t num_unacknowledged() const;
  FoundRun Describe() const;

  // The controller's words.
  void Renewed(absl::Duration sent, absl::Duration ttl);
  void Stop(StopReason reason);
  // The lease is over: the trainer is killed, the rest of the log delivered, if it is still wanted.
  void Lose();
  // Kills a trainer that is being stopped, now.
  void Hasten();
  void Answered(const FoundAnswer& answer, absl::Duration sent, absl::Duration ttl);

  // Looks at the process, the log and the clock, and does what is due.
  void Poll();
  // Starts the trainer of a waiting run, if its lease stands. The caller has seen that its slots
  // are free.
  void StartIfReady();

  // What is to be reported now (empty, null: nothing), and what became of it.
  std::vector<spec::Event> NextEvents();
  Delivery::Verdict OnEventsAnswer(const absl::StatusOr<int64_t>& answer);
  const ExitReport* NextExit();
  Delivery::Verdict OnExitAnswer(const absl::Status& answer);

 private:
  Run(const RunContext& context, RunDirectory directory, Held lease, int64_t next_seq);

  absl::Duration now() const { return context_.clock.SinceBoot(); }
  TrainerLimits Limits() const;
  void Adopt(const TrainerRecord& record);
  absl::Status Start();
  absl::Status PrepareLog();
  void ApplyEnding();
  void TrainerEnded(const ProcessEnd& end);
  void EndWith(ExitReport report);
  void Break(const absl::Status& error);
  void FinishDelivery();
  void Settle();

  RunContext context_;
  RunDirectory directory_;
  Held lease_;
  Phase phase_ = Phase::kWaiting;
  std::vector<int32_t> slots_;
  std::optional<Assignment> assignment_;  // while waiting
  LogPlan plan_;
  LogObserver log_;
  Delivery delivery_;
  ProcessIdentity process_;
  LeaseDeadlines deadlines_;
  absl::Duration runtime_deadline_ = absl::InfiniteDuration();
  Ending ending_;
  std::optional<ExitReport> exit_;
  bool drop_ = false;  // fenced: nothing is delivered any more
  bool exit_in_flight_ = false;
  absl::Duration exit_not_before_;
  Backoff exit_backoff_;
  std::optional<std::string> broken_;  // why the log cannot be delivered
};

}  // namespace fp4::worker
