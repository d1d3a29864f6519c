// How a trainer learns that it shall stop, by signals.
#pragma once

namespace fp4::trainer {

// While it lives, SIGTERM, SIGINT and SIGHUP ask for a stop (SIGHUP only where the program was not
// started to ignore it, as by nohup). The first is remembered; with kEndsAtOnce another one of them
// ends the process at once, as if it had never been caught: without a checkpoint, without
// `finished`. Those that come within kSameRequestMilliseconds of the first say the same once more:
// `timeout` signals a program and then its whole group, a closing terminal too.
//
// Signals that came before, while the program was being loaded, count too: fp4-train blocks them
// before anything else (trainer/run/launch.cc), and the constructor lets them in. Make one, in the
// main thread, before any other thread starts. At most one at a time.
class StopRequest {
 public:
  static constexpr int kSameRequestMilliseconds = 100;

  // Who calls the program by hand may be impatient; a worker has SIGKILL for that, and may ask
  // twice when it was restarted in between.
  enum class Second { kEndsAtOnce, kChangesNothing };
  explicit StopRequest(Second second = Second::kEndsAtOnce);
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  // Whether a signal has come. Costs nothing; any thread.
  bool requested() const;
};

// The signals above do nothing any more: for a process that another one tells to stop.
void IgnoreStopSignals();

// The signals above, as a set for sigprocmask: what the launcher blocks.
void BlockStopSignals();
void UnblockStopSignals();

}  // namespace fp4::trainer
