// The life of a run, and which steps of it are legal: one table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace fp4::core {

enum class RunState : uint8_t {
  kQueued,      // waits for a slot (also between two attempts)
  kAssigned,    // leased to a worker whose trainer has not reported yet
  kRunning,     // leased, its trainer has reported
  kCancelling,  // leased, and its worker is asked to stop it
  kCompleted,
  kFailed,
  kCancelled,
};
inline constexpr RunState kRunStates[] = {
    RunState::kQueued,    RunState::kAssigned, RunState::kRunning,  RunState::kCancelling,
    RunState::kCompleted, RunState::kFailed,   RunState::kCancelled};

// "queued", "assigned", …: as stored, printed and drawn in docs/run-states.md.
std::string_view RunStateName(RunState state);
std::optional<RunState> RunStateFromName(std::string_view name);

// Completed, failed or cancelled: nothing happens to the run unless a user asks for a retry.
bool IsFinished(RunState state);

// A worker has the right to run it.
bool IsLeased(RunState state);

struct Transition {
  RunState from, to;
  std::string_view cause;  // for the docs
};

// Every legal transition, by `from` in the order of the enum. docs/run-states.md shows the same.
std::span<const Transition> Transitions();

bool IsLegal(RunState from, RunState to);

}  // namespace fp4::core
