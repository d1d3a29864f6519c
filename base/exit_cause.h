// How a worker saw the process of a trainer end: one list for the worker, which reports it, and the
// controller, which judges it.
#pragma once

#include <cstdint>
#include <string_view>

namespace fp4 {

enum class ExitCause : uint8_t {
  kExited,         // by itself, with a status
  kSignaled,       // by a signal
  kLeaseLost,      // ended by the worker at its deadline
  kMaxRuntime,     // ended by the worker
  kSpawnFailed,    // never begun; the message says why
  kLost,           // found dead after the worker's own restart
  kWorkerStopped,  // stopped because its worker was asked to stop
  kDiskFull,       // its disk is full, or a quota is used up; the message says where
  kMachineFault,   // its machine failed it otherwise; the message says how
  kLogBroken,      // its event log has a gap, or cannot be read; the message says where
};
inline constexpr ExitCause kExitCauses[] = {ExitCause::kExited,        ExitCause::kSignaled,
                                            ExitCause::kLeaseLost,     ExitCause::kMaxRuntime,
                                            ExitCause::kSpawnFailed,   ExitCause::kLost,
                                            ExitCause::kWorkerStopped, ExitCause::kDiskFull,
                                            ExitCause::kMachineFault,  ExitCause::kLogBroken};

// "exited", "signaled", …: in the database, exit.json, logs and metrics.
std::string_view ExitCauseName(ExitCause cause);

}  // namespace fp4
