#include "server/core/run_state.h"

#include <algorithm>

namespace fp4::core {
namespace {

using enum RunState;

constexpr Transition kTransitions[] = {
    {kQueued, kAssigned, "a free slot fits"},
    {kQueued, kCompleted, "the ended attempt's late log says so"},
    {kQueued, kCancelled, "cancel"},
    {kAssigned, kQueued, "ended, to be tried again"},
    {kAssigned, kRunning, "its trainer reports"},
    {kAssigned, kCancelling, "cancel"},
    {kAssigned, kCompleted, "nothing was left to train"},
    {kAssigned, kFailed, "ended for good"},
    {kRunning, kQueued, "ended, to be tried again"},
    {kRunning, kCancelling, "cancel"},
    {kRunning, kCompleted, "trained to its end"},
    {kRunning, kFailed, "ended for good"},
    {kCancelling, kCompleted, "trained to its end before the stop"},
    {kCancelling, kCancelled, "stopped"},
    {kFailed, kQueued, "retry by a user"},
    {kCancelled, kQueued, "retry by a user"},
};

}  // namespace

std::string_view RunStateName(RunState state) {
  switch (state) {
    case kQueued:
      return "queued";
    case kAssigned:
      return "assigned";
    case kRunning:
      return "running";
    case kCancelling:
      return "cancelling";
    case kCompleted:
      return "completed";
    case kFailed:
      return "failed";
    case kCancelled:
      return "cancelled";
  }
  return "";
}

std::optional<RunState> RunStateFromName(std::string_view name) {
  for (RunState state : kRunStates) {
    if (RunStateName(state) == name) return state;
  }
  return std::nullopt;
}

bool IsFinished(RunState state) {
  return state == kCompleted || state == kFailed || state == kCancelled;
}

bool IsLeased(RunState state) {
  return state == kAssigned || state == kRunning || state == kCancelling;
}

std::span<const Transition> Transitions() { return kTransitions; }

bool IsLegal(RunState from, RunState to) {
  return std::ranges::any_of(kTransitions,
                             [&](const Transition& t) { return t.from == from && t.to == to; });
}

}  // namespace fp4::core
