#include "trainer/parallel/peers.h"

#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/faults.h"
#include "base/file.h"
#include "base/reasons.h"
#include "trainer/run/stop_request.h"

extern char** environ;

namespace fp4::trainer {
namespace {

constexpr auto kLook = std::chrono::milliseconds(10);

absl::StatusOr<pid_t> Spawn(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  pid_t pid = 0;
  // It inherits what is blocked, so that a signal to the group does not end it before it can ignore
  // it.
  BlockStopSignals();
  const int error = posix_spawn(&pid, arguments[0], nullptr, nullptr, arguments.data(), environ);
  UnblockStopSignals();
  if (error == 0) return pid;
  return MachineFault(ErrnoStatus(error, absl::StrCat("start ", command[0])));
}

absl::Status WithName(const absl::Status& error, const std::string& name) {
  const std::string message = absl::StrCat(name, ": ", std::string(error.message()));
  const std::optional<std::string> reason = ReasonOf(error);
  return reason ? ErrorWithReason(error.code(), *reason, message)
                : absl::Status(error.code(), message);
}

std::string SignalText(int signal) {
  const char* name = sigabbrev_np(signal);
  return absl::StrCat("was ended by signal ", signal,
                      name == nullptr ? "" : absl::StrCat(" (SIG", name, ")"),
                      signal == SIGKILL ? "; out of memory?" : "");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Peers>> Peers::Start(const std::vector<Command>& commands,
                                                    const GroupFolder& folder) {
  std::unique_ptr<Peers> peers(new Peers(folder));
  for (const Command& command : commands) {
    const absl::StatusOr<pid_t> pid = Spawn(command);
    if (!pid.ok()) return pid.status();
    peers->peers_.push_back({.pid = *pid});
  }
  for (size_t i = 0; i < peers->peers_.size(); ++i)
    peers->peers_[i].watcher = std::thread([raw = peers.get(), i] { raw->Watch(i); });
  return peers;
}

Peers::~Peers() {
  OnEnd(nullptr);
  {
    // A process that has not been noted yet still has its number: the watcher leaves it a zombie
    // until then.
    const std::lock_guard lock(mutex_);
    for (const Peer& peer : peers_) {
      if (!peer.end) kill(peer.pid, SIGKILL);
    }
  }
  for (Peer& peer : peers_) {
    if (peer.watcher.joinable()) {
      peer.watcher.join();
    } else {
      waitpid(peer.pid, nullptr, 0);  // another one could not be started
    }
  }
}

void Peers::Watch(size_t index) {
  const pid_t pid = peers_[index].pid;
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  NoteEnd(index, info.si_code != CLD_EXITED, info.si_status);
}

void Peers::NoteEnd(size_t index, bool by_signal, int status) {
  const std::lock_guard lock(mutex_);
  waitpid(peers_[index].pid, nullptr, 0);
  Peer& peer = peers_[index];
  const auto words = folder_.ReadLastWords(static_cast<int64_t>(index) + 1);
  if (by_signal) {
    peer.end = absl::UnknownError(absl::StrCat(NameOf(index), " ", SignalText(status)));
  } else if (words) {
    peer.end = WithName(words->error, NameOf(index));
    peer.only_lost = words->only_lost;
  } else {
    peer.end = absl::UnknownError(
        absl::StrCat(NameOf(index), " ended with exit status ", status, " and no last words"));
  }
  order_.push_back(index);
  if (on_end_) on_end_();
  ended_.notify_all();
}

std::string Peers::NameOf(size_t index) const {
  return absl::StrCat("process ", index + 2, " of ", peers_.size() + 1);
}

void Peers::OnEnd(std::function<void()> on_end) {
  const std::lock_guard lock(mutex_);
  on_end_ = std::move(on_end);
  if (on_end_ && !order_.empty()) on_end_();
}

std::optional<absl::Status> Peers::OwnEnd() const {
  for (const size_t index : order_) {
    if (!peers_[index].only_lost) return peers_[index].end;
  }
  return std::nullopt;
}

absl::Status Peers::WaitUntilReady(const StopCheck& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (const auto end = OwnEnd()) return *end;
    if (stop()) return Stopped();
    size_t ready = 0;
    for (size_t i = 0; i < peers_.size(); ++i)
      ready += folder_.IsReady(static_cast<int64_t>(i) + 1) ? 1 : 0;
    if (ready == peers_.size()) return absl::OkStatus();
    ended_.wait_for(lock, kLook);
  }
}

absl::Status Peers::WhyLost(std::string_view words, absl::Duration patience) {
  std::unique_lock lock(mutex_);
  ended_.wait_for(lock, absl::ToChronoMilliseconds(patience),
                  [this] { return OwnEnd().has_value(); });
  if (const auto end = OwnEnd()) return *end;
  return absl::InternalError(
      absl::StrCat("the connection between its processes broke: ", std::string(words)));
}

}  // namespace fp4::trainer
