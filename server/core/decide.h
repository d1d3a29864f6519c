// What the controller does by itself: gives free slots to queued runs and ends leases that were not
// renewed. Pure: no clock, no I/O; the same state and time give the same actions.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "server/core/cluster_state.h"
#include "server/core/judge_exit.h"
#include "server/core/preemption.h"

namespace fp4::core {

// `run_id` becomes attempt `attempt` on these slots. Legal only while it is queued with attempt
// - 1.
struct AssignRun {
  std::string run_id;
  int32_t attempt = 0;
  std::string worker_id;
  std::vector<int32_t> slots;
};

// The lease of `attempt` is over without a word from its worker.
struct ExpireLease {
  std::string run_id;
  int32_t attempt = 0;
  Verdict verdict;
};

// Every lease gets a full term: nobody could renew while the controller was not there.
struct ExtendLeases {
  absl::Duration expires;
};

using Action = std::variant<AssignRun, ExpireLease, ExtendLeases, PreemptRun>;

struct DecisionTiming {
  absl::Duration lease_ttl = absl::Seconds(30);
  // A longer pause between two decisions counts as an absence of the controller.
  absl::Duration max_gap = absl::Seconds(5);
};

// Leases first: after an absence (last_decision too long ago) all are extended, else those that
// have expired end. Then queued runs get, in the order of queue_order.h, what PlaceRun finds among
// the slots that no lease holds (one that expires now still does: its worker may be slow to know).
// A run that nothing fits holds back nobody, and one that shall go elsewhere first waits for that
// (PassedOver). One that wants several slots and has waited for policy.reserve_after has the free
// ones of a worker kept for it, so that smaller runs do not take them one by one for ever. A
// project gets no more than policy.project_slots. Last, what ChoosePreemptions says.
std::vector<Action> Decide(const ClusterState& state, const DecisionTiming& timing,
                           absl::Duration now);

}  // namespace fp4::core
