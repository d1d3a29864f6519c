// How work that takes long learns that it shall stop.
#pragma once

#include <functional>

#include "absl/status/status.h"

namespace fp4 {

// Asked between pieces of work, from the thread that does the work. True: stop as soon as things
// are in order. Once it has said true, it goes on saying so. Cheap enough for every few
// milliseconds.
using StopCheck = std::function<bool()>;

// For work that nobody can stop.
inline bool NeverStop() { return false; }

// CANCELLED: what work returns that was stopped before it was done.
inline absl::Status Stopped() { return absl::CancelledError("stopped by a signal"); }

}  // namespace fp4
