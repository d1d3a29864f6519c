// Why queued runs wait. Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "server/core/cluster_state.h"

namespace fp4::core {

// Stable words for programs: metrics, QueuedRun.reason. docs/scheduling.md explains them.
namespace wait_reason {
inline constexpr std::string_view kPausing = "pausing";  // between two attempts
inline constexpr std::string_view kNoWorker = "no_worker";
inline constexpr std::string_view kWorkersUnfit = "workers_unfit";  // none that is there takes work
inline constexpr std::string_view kNothingFits = "nothing_fits";
inline constexpr std::string_view kProjectLimit = "project_limit";
inline constexpr std::string_view kBusy = "busy";  // others hold what would fit, or come first
}  // namespace wait_reason
inline constexpr std::string_view kWaitReasons[] = {
    wait_reason::kPausing,     wait_reason::kNoWorker,     wait_reason::kWorkersUnfit,
    wait_reason::kNothingFits, wait_reason::kProjectLimit, wait_reason::kBusy};

struct Waiting {
  std::string_view reason;  // a word of kWaitReasons; empty: the run is not queued
  std::string why;          // for people: "no worker is connected", …
};

Waiting ExplainWait(const RunEntry& run, const ClusterState& state, absl::Duration now);

}  // namespace fp4::core
