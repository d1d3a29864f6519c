#include "client/top/session.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/mutex.h"
#include "base/status_macros.h"
#include "base/stop_signal.h"
#include "client/layout.h"
#include "client/top/full_screen.h"
#include "client/top/screen.h"
#include "client/top/snapshot.h"

namespace fp4::client {
namespace {

// How soon a key or a new size is seen, and how long an answer is waited for.
constexpr absl::Duration kTick = absl::Milliseconds(50), kPatience = absl::Seconds(3);

// Asks the controller again and again on a thread of its own, so that keys are answered while it is
// slow or away. Thread-safe.
class Poller {
 public:
  Poller(const Context& context, absl::Duration interval, TopSnapshot first)
      : context_(context), interval_(interval), snapshot_(std::move(first)) {
    paces_.Add(snapshot_);
    thread_ = std::thread([this] { Loop(); });
  }
  ~Poller() {
    {
      MutexLock lock(mutex_);
      stopped_ = true;
      changed_.NotifyAll();
    }
    thread_.join();
  }

  std::vector<std::string> Render(TopView view, const Layout& layout) {
    MutexLock lock(mutex_);
    view.notice = notice_;
    return RenderTop(snapshot_, paces_, view, layout);
  }
  int num_runs() {
    MutexLock lock(mutex_);
    return static_cast<int>(snapshot_.active.size());
  }

 private:
  void Loop() {
    while (Wait()) {
      absl::StatusOr<TopSnapshot> next = Ask();
      MutexLock lock(mutex_);
      if (!next.ok()) {
        // A channel that has failed waits longer and longer before it tries again; a new one does
        // not.
        connection_.reset();
        notice_ = absl::StrCat("no answer since ",
                               absl::FormatTime("%H:%M:%S", snapshot_.time, absl::LocalTimeZone()),
                               ", trying again: ", std::string(next.status().message()));
        continue;
      }
      notice_.clear();
      snapshot_ = *std::move(next);
      paces_.Add(snapshot_);
    }
  }

  // False: it is over.
  bool Wait() {
    MutexLock lock(mutex_);
    const absl::Time until = absl::Now() + interval_;
    while (!stopped_ && absl::Now() < until) changed_.WaitFor(lock, until - absl::Now());
    return !stopped_;
  }

  // A restarted controller may have another address.
  absl::StatusOr<TopSnapshot> Ask() {
    FP4_ASSIGN_OR_RETURN(const std::string address, context_.Address());
    if (connection_ == nullptr || connection_->address() != address) {
      FP4_ASSIGN_OR_RETURN(const wire::ChannelSecurity security, context_.Security());
      connection_ = std::make_unique<Connection>(address, security, kPatience);
    }
    return ReadSnapshot(*connection_);
  }

  const Context& context_;
  const absl::Duration interval_;
  std::unique_ptr<Connection> connection_;  // of the thread
  Mutex mutex_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  TopSnapshot snapshot_ ABSL_GUARDED_BY(mutex_);
  Paces paces_ ABSL_GUARDED_BY(mutex_);
  std::string notice_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

int Scrolled(int scroll, Key key, int height, int num_runs) {
  const int page = std::max(1, height / 2);
  switch (key) {
    case Key::kUp:
      scroll -= 1;
      break;
    case Key::kDown:
      scroll += 1;
      break;
    case Key::kPageUp:
      scroll -= page;
      break;
    case Key::kPageDown:
      scroll += page;
      break;
    case Key::kHome:
      scroll = 0;
      break;
    case Key::kEnd:
      scroll = num_runs;
      break;
    case Key::kNone:
    case Key::kQuit:
      break;
  }
  return std::clamp(scroll, 0, std::max(0, num_runs - 1));
}

ExitCode ShowUntilLeft(FullScreen& screen, Poller& poller, StopSignal& stop,
                       const Context& context) {
  int scroll = 0;
  while (screen.open() && !context.out.fail()) {
    const Terminal size = screen.Size();
    for (Key key = screen.ReadKey(); key != Key::kNone; key = screen.ReadKey()) {
      if (key == Key::kQuit) return ExitCode::kOk;
      scroll = Scrolled(scroll, key, size.height, poller.num_runs());
    }
    const Layout layout{.width = size.width, .color = size.color, .unicode = size.unicode};
    screen.Draw(poller.Render({.height = size.height, .scroll = scroll, .notice = "", .keys = true},
                              layout));
    if (stop.Wait(kTick) != 0) return ExitCode::kInterrupted;
  }
  return ExitCode::kFailed;
}

}  // namespace

absl::StatusOr<ExitCode> RunTop(Context& context, absl::Duration interval) {
  StopSignal stop;  // before the threads, which inherit the blocked signals
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(TopSnapshot first, ReadSnapshot(*connection));
  FP4_ASSIGN_OR_RETURN(const std::unique_ptr<FullScreen> screen,
                       FullScreen::Take(STDIN_FILENO, STDOUT_FILENO, context.out));
  Poller poller(context, interval, std::move(first));
  return ShowUntilLeft(*screen, poller, stop, context);
}

absl::StatusOr<ExitCode> PrintTop(Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const TopSnapshot snapshot, ReadSnapshot(*connection));
  Layout layout = LayoutOf(context);
  for (const std::string& line : RenderTop(snapshot, Paces(), {}, layout)) {
    context.out << line << "\n";
  }
  return ExitCode::kOk;
}

}  // namespace fp4::client
