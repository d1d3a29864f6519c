// The worker's loop: what it asks of the controller and when, and the runs that it holds.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "worker/controller_client.h"
#include "worker/host/host_check.h"
#include "worker/run/run.h"

namespace fp4::worker {

struct WorkerSettings {
  RunSettings run;
  absl::Duration acquire_wait = absl::Seconds(20);
  absl::Duration keep_finished = absl::Hours(24);  // run directories, after nothing is left to tell
  // Without a run for so long, the worker ends by itself.
  absl::Duration exit_idle = absl::InfiniteDuration();
  // After the last trainer has ended in a shutdown: how long to go on delivering.
  absl::Duration farewell = absl::Seconds(5);
};

// One thread makes it, calls Step again and again, and gets the client's answers. Nothing blocks on
// the network.
class Worker {
 public:
  Worker(WorkerSettings settings, Introduction introduction, ControllerClient& client,
         Processes& processes, HostCheck& host, CheckpointCarrier& carrier, const Clock& clock,
         WorkerMetrics& metrics);

  // Looks at the processes and logs, and does and asks what is due. Returns how long the caller may
  // wait for answers before the next call.
  absl::Duration Step();

  // Ends all trainers with a checkpoint, delivers what can be delivered, asks for no more work. A
  // second call hastens: the trainers are killed, and only what is on its way is waited for.
  void Shutdown();
  // Nothing is left to do, or no more time for it.
  bool Done() const;

  // Why the worker cannot go on (the controller speaks another protocol); it has begun its shutdown
  // then.
  const absl::Status& fatal() const { return fatal_; }
  bool registered() const { return registered_; }
  // Why the controller refuses this worker (another live one has its id); empty: it does not. The
  // worker asks again after growing pauses.
  const std::string& refusal() const { return refusal_; }
  // Why the worker takes no work now, for people; empty: it does.
  const std::string& problem() const { return host_.problem(); }
  size_t num_runs() const { return runs_.size(); }

 private:
  // Whether, and when, to ask the same thing again.
  struct Call {
    Call(std::string_view name, uint64_t seed);
    bool Due(absl::Duration now) const { return !in_flight && now >= not_before; }
    void Begin(absl::Duration now);
    void Succeed();
    void Fail(absl::Duration now, const absl::Status& error, WorkerMetrics& metrics);

    std::string_view name;
    bool in_flight = false, failing = false;
    absl::Duration sent_at, not_before;
    Backoff backoff;
  };

  absl::Duration now() const { return clock_.SinceBoot(); }
  RunContext Context();
  Caller caller() const { return {registration_.worker_id, introduction_.incarnation}; }
  Run* Find(const Held& lease);
  std::vector<Held> HeldLeases() const;

  void PollHost();
  void PollRuns();
  void StartWaiting();
  void SweepRuns();
  void SweepDirectories();
  void UpdateMetrics();
  void LimitFarewell();
  // Nothing was to be done for too long, and no call is under way that may bring work.
  bool Retires();

  void AskToRegister();
  void OnRegistered(const absl::StatusOr<Registration>& answer);
  void OnRefused(const absl::Status& status);
  void AskForWork();
  void OnWork(const absl::StatusOr<Work>& answer);
  // True: it is new here.
  bool Take(const Assignment& assignment);
  void AskToRenew();
  void OnRenewed(const absl::StatusOr<Renewal>& answer);
  void Report(Run& run);
  void OnVerdict(Delivery::Verdict verdict, std::string_view call, const absl::Status& status);
  void ForgetRegistration();

  const WorkerSettings settings_;
  const Introduction introduction_;
  ControllerClient& client_;
  Processes& processes_;
  HostCheck& host_;
  CheckpointCarrier& carrier_;
  const Clock& clock_;
  WorkerMetrics& metrics_;

  bool registered_ = false;
  std::string refusal_;
  Backoff refused_pause_;
  Registration registration_;
  Call register_, acquire_, renew_;
  std::string announced_;   // the problem that the poll in flight tells
  bool announce_ = false;   // that poll was cancelled, to tell another one
  Backoff untaken_pause_;   // work was answered, and none of it could be taken
  bool renew_now_ = false;  // a new lease waits for its first renewal
  std::map<std::string, std::unique_ptr<Run>> runs_;  // by run id
  std::map<std::string, Assignment>
      successors_;  // attempts that wait for the end of an earlier one here
  absl::Duration next_sweep_;
  absl::Duration idle_since_;
  bool shutting_down_ = false, hastened_ = false;
  absl::Duration farewell_until_ = absl::InfiniteDuration();
  absl::Status fatal_;
};

}  // namespace fp4::worker
