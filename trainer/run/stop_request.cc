#include "trainer/run/stop_request.h"

#include <signal.h>
#include <time.h>

#include <atomic>
#include <cstdint>
#include <iterator>

namespace fp4::trainer {
namespace {

constexpr int kStopSignals[] = {SIGTERM, SIGINT, SIGHUP};

// What the signals did before; by place in kStopSignals.
struct sigaction before[std::size(kStopSignals)];

// When the first one came, on the monotonic clock; 0: none yet. A signal handler may touch it.
std::atomic<int64_t> first_ns = 0;
static_assert(std::atomic<int64_t>::is_always_lock_free);
volatile sig_atomic_t second_ends = 1;

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// Calls only what is allowed in a signal handler.
void OnStopSignal(int signal) {
  int64_t first = 0;
  const int64_t now = NowNs();
  if (first_ns.compare_exchange_strong(first, now) || !second_ends) return;
  if (now - first < StopRequest::kSameRequestMilliseconds * int64_t{1'000'000}) return;
  struct sigaction fatal {};
  fatal.sa_handler = SIG_DFL;
  sigaction(signal, &fatal, nullptr);
  // Blocked while this handler runs: it strikes when the handler returns.
  raise(signal);
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : kStopSignals) sigaddset(&signals, signal);
  return signals;
}

}  // namespace

StopRequest::StopRequest(Second second) {
  first_ns = 0;
  second_ends = second == Second::kEndsAtOnce;
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  action.sa_mask = StopSignals();
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < std::size(kStopSignals); ++i) {
    const int signal = kStopSignals[i];
    sigaction(signal, nullptr, &before[i]);
    const bool left_alone = signal == SIGHUP && before[i].sa_handler == SIG_IGN;
    if (!left_alone) sigaction(signal, &action, nullptr);
  }
  UnblockStopSignals();
}

StopRequest::~StopRequest() {
  for (size_t i = 0; i < std::size(kStopSignals); ++i) {
    sigaction(kStopSignals[i], &before[i], nullptr);
  }
}

bool StopRequest::requested() const { return first_ns != 0; }

void IgnoreStopSignals() {
  for (const int signal : kStopSignals) ::signal(signal, SIG_IGN);
}

void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
}

void UnblockStopSignals() {
  const sigset_t signals = StopSignals();
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace fp4::trainer
