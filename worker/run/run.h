// One attempt of one run on this worker, from its assignment (or from being found after the
// worker's restart) until the controller has acknowledged its end.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/allowed_roots.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "worker/host/metrics.h"
#include "worker/host/process.h"
#include "worker/host/trainer_user.h"
#include "worker/run/attempt.h"
#include "worker/run/checkpoint_carrier.h"
#include "worker/run/delivery.h"
#include "worker/run/run_directory.h"

namespace fp4::worker {

// How long an attempt that was stopped on purpose keeps its lease for its last checkpoint to reach
// the controller, so that whoever goes on elsewhere finds it.
inline constexpr absl::Duration kShippingPatience = absl::Seconds(60);

struct RunSettings {
  std::filesystem::path trainer;  // fp4-train
  std::filesystem::path work_dir;
  std::optional<TrainerUser> trainer_user;   // nothing: whoever runs the worker
  int64_t min_free_bytes = 0;                // less space in work_dir is too little
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
  CheckpointCarrier& carrier;
};

// Goes through its phases in one direction: waiting, running, delivering, telling, over;
// docs/worker.md draws them. Each phase holds what is only known in it. Not thread-safe: everything
// happens on the worker's thread.
class Run {
 public:
  // A new attempt. Where this attempt was started here before, it is only settled or adopted.
  static std::unique_ptr<Run> Assigned(const RunContext& context, Assignment assignment);
  // What lies in a directory; nothing when there is nothing left to do.
  static std::unique_ptr<Run> Found(const RunContext& context, const RunDirectory& directory);

  const Held& lease() const { return lease_; }
  bool waiting() const { return std::holds_alternative<Waiting>(phase_); }
  bool trainer_alive() const { return std::holds_alternative<Running>(phase_); }
  bool over() const { return std::holds_alternative<Over>(phase_); }
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

  // Ends a run whose trainer has not been started: this host cannot do it now.
  void Refuse(const std::string& why);
  // True once, when an attempt has ended as if the host were to blame.
  bool TakeSuspicion() { return std::exchange(suspicious_, false); }

  // What is to be reported now (empty, null: nothing), and what became of it.
  std::vector<spec::Event> NextEvents();
  Delivery::Verdict OnEventsAnswer(const absl::StatusOr<int64_t>& answer);
  const ExitReport* NextExit();
  Delivery::Verdict OnExitAnswer(const absl::Status& answer);

 private:
  // No trainer yet: it waits for a first renewal, for its slots, for an earlier trainer's end.
  struct Waiting {
    Assignment assignment;
    LogPlan plan;
    Backoff pause;  // between two tries to start
    absl::Duration not_before;
    std::unique_ptr<Fetch> fetch = {};      // of the checkpoint to begin at
    CheckpointKey fetched = {};             // which one that is
    int num_failed_fetches = 0;             // of it, in a row
    std::set<CheckpointKey> given_up = {};  // those that cannot be had
  };
  // A trainer lives.
  struct Running {
    ProcessIdentity process;
    absl::Duration runtime_deadline = absl::InfiniteDuration();
    Ending ending = {};
    bool wanted = true;       // false: nothing of this attempt is told once the trainer has ended
    std::string broken = {};  // why its log cannot be delivered; the trainer is being killed then
  };
  // The trainer has ended; the rest of its log is on its way.
  struct Delivering {
    ExitReport exit;
    bool broken = false;  // nothing more of the log can be delivered
    absl::Duration ship_until = -absl::InfiniteDuration();  // how long to wait for checkpoints
  };
  // The log is delivered; the exit is to be told.
  struct Telling {
    ExitReport exit;
    Backoff pause;
    bool in_flight = false;
    absl::Duration not_before = -absl::InfiniteDuration();
  };
  struct Over {};
  using Phase = std::variant<Waiting, Running, Delivering, Telling, Over>;

  Run(const RunContext& context, RunDirectory directory, Held lease, int64_t next_seq);

  absl::Duration now() const { return context_.clock.SinceBoot(); }
  Backoff MakeBackoff() const;
  TrainerLimits LimitsOf(const Running& running) const;

  void Adopt(const TrainerRecord& record);
  absl::Status Prepare(Waiting& waiting);
  absl::Status PlanStart(Waiting& waiting);
  // Nothing while a checkpoint is on its way here.
  absl::StatusOr<std::optional<Beginning>> FindBeginning(Waiting& waiting);
  absl::Status SettleFetch(Waiting& waiting);
  absl::StatusOr<std::vector<Slot>> FindSlots() const;
  absl::Status Start(const UniqueFd& lock, const std::string& resume_from);
  bool MayStillShip(const Delivering& delivering) const;

  void End(StopReason reason);
  void ApplyEnding(Running& running);
  void TrainerEnded(const ProcessEnd& end);
  ExitReport AskHost(ExitReport report);
  void EndUnstarted(const absl::Status& error);
  void NoteAcknowledged();
  void EndWith(ExitReport report);
  void Break(const absl::Status& error);
  void FinishDelivery();
  void Settle();

  RunContext context_;
  RunDirectory directory_;
  Held lease_;
  std::vector<int32_t> slots_;
  LogObserver log_;
  Delivery delivery_;
  LeaseDeadlines deadlines_;
  int64_t acknowledged_seq_ = 0;  // of the checkpoint in acknowledged.json; 0: not known
  Backoff acknowledged_pause_;    // after that file could not be written
  absl::Duration acknowledged_not_before_ = -absl::InfiniteDuration();
  bool suspicious_ = false;
  Phase phase_ = Over{};
};

}  // namespace fp4::worker
