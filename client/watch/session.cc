#include "client/watch/session.h"

#include <atomic>
#include <functional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/render/findings.h"
#include "client/render/runs.h"
#include "client/watch/board.h"
#include "client/watch/follower.h"
#include "client/watch/view.h"

namespace fp4::client {
namespace {

constexpr absl::Duration kPollEvery = absl::Milliseconds(100);
// How often the controller is asked why runs wait, and how long the picture may stand still for it.
constexpr absl::Duration kAskEvery = absl::Seconds(3), kAskTimeout = absl::Milliseconds(500);

v1::WatchRequest RequestFor(const Target& target, int64_t cursor) {
  v1::WatchRequest request;
  if (!target.is_run) {
    request.set_experiment_id(target.experiment.id());
  } else {
    request.add_run_ids(target.run.id());
  }
  request.set_cursor(cursor);
  return request;
}

std::string TitleOf(const Target& target) {
  if (!target.is_run) {
    return absl::StrCat(target.experiment.name(), " (", target.experiment.id(), ")");
  }
  return absl::StrCat(target.run.experiment_name(), ", run ", target.run.id());
}

// The view and the board behind one lock: events come from the follower's thread, ticks from the
// main one.
class Screen {
 public:
  Screen(const Context& context, const Target& target)
      : board_(TitleOf(target), target.runs()), view_(MakeWatchView(context)) {}

  bool Knows(const std::string& run_id) {
    MutexLock lock(mutex_);
    return board_.Find(run_id) != nullptr;
  }
  void Add(const v1::Run& run) {
    MutexLock lock(mutex_);
    board_.Add(run);
  }
  void OnEvent(const v1::Event& event) {
    MutexLock lock(mutex_);
    board_.Apply(event);
    view_->OnEvent(board_, event);
  }
  void OnConnection(const absl::Status& status) {
    MutexLock lock(mutex_);
    view_->OnNotice(
        board_, status.ok() ? "connected again" : "connection lost; trying again, the runs go on");
  }
  void Tick() {
    MutexLock lock(mutex_);
    view_->Tick(board_, absl::Now());
  }
  bool AnyQueued() {
    MutexLock lock(mutex_);
    return board_.AnyQueued();
  }
  void SetWaiting(const std::vector<v1::Run>& runs) {
    MutexLock lock(mutex_);
    for (const v1::Run& run : runs) {
      if (run.state() == v1::RUN_STATE_QUEUED) board_.SetWaiting(run.id(), run.message());
    }
  }

 private:
  Mutex mutex_;
  Board board_ ABSL_GUARDED_BY(mutex_);
  const std::unique_ptr<WatchView> view_ ABSL_PT_GUARDED_BY(mutex_);
};

// Keeps up to date why queued runs wait: events do not tell it, since nothing happens to them.
class WaitReasons {
 public:
  WaitReasons(const Context& context, const Target& target) : context_(context), target_(target) {}

  // Asks when it is time and a run waits. What goes wrong is left to the follower to say.
  void Refresh(Screen& screen) {
    const absl::Time now = absl::Now();
    if (now < next_ || !screen.AnyQueued()) return;
    next_ = now + kAskEvery;
    auto address = context_.Address();
    if (!address.ok()) return;
    if (connection_ == nullptr || connection_->address() != *address) {
      const absl::StatusOr<wire::ChannelSecurity> security = context_.Security();
      if (!security.ok()) return;
      connection_ = std::make_unique<Connection>(*address, *security, kAskTimeout);
    }
    screen.SetWaiting(QueuedRuns());
  }

 private:
  std::vector<v1::Run> QueuedRuns() {
    if (target_.is_run) {
      auto run = connection_->GetRun(target_.id());
      return run.ok() ? std::vector<v1::Run>{*std::move(run)} : std::vector<v1::Run>();
    }
    v1::ListRunsRequest request;
    request.set_experiment_id(target_.id());
    request.add_states(v1::RUN_STATE_QUEUED);
    request.set_page_size(1000);
    auto runs = connection_->ListRuns(request);
    if (!runs.ok()) return {};
    return {runs->runs().begin(), runs->runs().end()};
  }

  const Context& context_;
  const Target& target_;
  std::unique_ptr<Connection> connection_;
  absl::Time next_ = absl::Now() + kAskEvery;  // what the target came with holds until then
};

// A search makes runs while it is watched: what the run of an event is, where the screen does not
// know it. One that cannot be asked for is left out, as its events are.
void Introduce(const Context& context, const std::string& run_id, Screen& screen) {
  if (screen.Knows(run_id)) return;
  auto connection = context.Connect();
  if (!connection.ok()) return;
  auto run = (*connection)->GetRun(run_id);
  if (run.ok()) screen.Add(*run);
}

// Follows on a thread of its own while this one waits for Ctrl-C and calls `tick` again and again;
// it ends the following where it gives false. CANCELLED: interrupted.
absl::Status FollowUntilInterrupted(StopSignal& stop, Follower& follower,
                                    const std::function<bool()>& tick) {
  absl::Status result;
  std::atomic<bool> done = false;
  std::thread thread([&] {
    result = follower.Run();
    done = true;
  });
  while (!done) {
    const bool interrupted = stop.Wait(kPollEvery) != 0;
    if (!tick() || interrupted) follower.Stop();
  }
  thread.join();
  return result;
}

void SayHowToComeBack(const Context& context, const Target& target, int64_t cursor) {
  context.err << "Stopped watching; the " << (target.is_run ? "run goes" : "runs go")
              << " on. Come back with: fp4ctl watch " << target.id();
  if (context.json && cursor > 0) context.err << " -o json --cursor " << cursor;
  context.err << "\n";
}

// The states as the controller has them now: events that came before `cursor` were not seen here.
absl::StatusOr<std::vector<v1::Run>> FinalRuns(Context& context, const Target& target) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  if (target.is_run) {
    FP4_ASSIGN_OR_RETURN(v1::Run run, connection->GetRun(target.id()));
    return std::vector<v1::Run>{std::move(run)};
  }
  FP4_ASSIGN_OR_RETURN(v1::Experiment experiment, connection->GetExperiment(target.id()));
  return std::vector<v1::Run>(experiment.runs().begin(), experiment.runs().end());
}

// Says of each run that did not complete why. kOk: all did.
ExitCode ReportUnfinished(Context& context, const std::vector<v1::Run>& runs) {
  ExitCode code = ExitCode::kOk;
  for (const v1::Run& run : runs) {
    // That a search stops trials is what it is for.
    if (run.state() == v1::RUN_STATE_COMPLETED || run.reason() == reason::kStoppedBySearch)
      continue;
    code = ExitCode::kFailed;
    context.err << "run " << run.id() << " (" << Printable(RunLabel(run.variant(), run.seed()))
                << ") " << StateName(run.state());
    if (!run.reason().empty()) context.err << ", " << run.reason();
    if (!run.message().empty()) context.err << ": " << PrintableLines(run.message(), 2);
    context.err << "\n  look: fp4ctl logs " << run.id() << "   again: fp4ctl retry " << run.id()
                << "\n";
  }
  return code;
}

// Events of what happens from now on tell only that something did.
v1::WatchRequest WaitRequestFor(const Target& target) {
  v1::WatchRequest request = RequestFor(target, 0);
  request.set_follow_only(true);
  return request;
}

}  // namespace

absl::StatusOr<ExitCode> WatchTarget(Context& context, StopSignal& stop, const Target& target,
                                     int64_t cursor) {
  Screen screen(context, target);
  Follower follower(
      RequestFor(target, cursor),
      {.connect = [&context] { return context.Connect(); },
       .on_event =
           [&](const v1::Event& event) {
             Introduce(context, event.run_id(), screen);
             screen.OnEvent(event);
           },
       .on_connection = [&screen](const absl::Status& status) { screen.OnConnection(status); }},
      {});
  WaitReasons reasons(context, target);
  const absl::Status status = FollowUntilInterrupted(stop, follower, [&] {
    reasons.Refresh(screen);
    screen.Tick();
    return !context.out.fail();  // an output that takes nothing any more is not worth waiting for
  });
  screen.Tick();
  if (!context.out) return ExitCode::kFailed;  // main says why
  if (absl::IsCancelled(status)) {
    SayHowToComeBack(context, target, follower.cursor());
    return ExitCode::kInterrupted;
  }
  FP4_RETURN_IF_ERROR(status);
  FP4_ASSIGN_OR_RETURN(std::vector<v1::Run> runs, FinalRuns(context, target));
  const ExitCode code = ReportUnfinished(context, runs);
  if (code == ExitCode::kOk && !context.json && !target.is_run) {
    context.out << "All " << runs.size() << " runs completed. Compare: fp4ctl compare "
                << target.id() << "\n";
  }
  return code;
}

absl::StatusOr<ExitCode> WaitForTarget(Context& context, StopSignal& stop, const Target& target) {
  Follower follower(WaitRequestFor(target),
                    {.connect = [&context] { return context.Connect(); },
                     .on_event = [](const v1::Event&) {},
                     .on_connection = [](const absl::Status&) {}},
                    {.known = true});
  const absl::Status status = FollowUntilInterrupted(stop, follower, [] { return true; });
  if (absl::IsCancelled(status)) return ExitCode::kInterrupted;
  FP4_RETURN_IF_ERROR(status);
  FP4_ASSIGN_OR_RETURN(const std::vector<v1::Run> runs, FinalRuns(context, target));
  return ReportUnfinished(context, runs);
}

}  // namespace fp4::client
