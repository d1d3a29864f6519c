// What the store's writer is asked. Each is answered once, on the writer's thread, after all it
// changed is durable.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/checkpoint_retention.h"
#include "server/core/cluster_state.h"
#include "server/core/found_runs.h"
#include "server/core/judge_exit.h"
#include "server/core/slot.h"
#include "server/store/records.h"
#include "spec/document.h"
#include "spec/events.h"

namespace fp4::store {

// Called on the writer's thread: must not block.
template <typename Reply>
using Done = std::function<void(absl::StatusOr<Reply>)>;

struct Nothing {};

struct NewExperiment {
  spec::Experiment experiment;
  std::string document, document_name;  // as submitted
  std::vector<std::string> overrides;
  std::string created_by;
  std::string request_id;  // empty: none
};
struct CreatedExperiment {
  std::string id;
  bool existed = false;  // made by an earlier call with the same request_id
};

// The right to run one attempt.
struct Held {
  std::string run_id;
  int32_t attempt = 0;
  bool operator==(const Held&) const = default;
};

// Requests of workers carry their `caller`: the identity that calls. Only what was registered with
// the same identity is its own. Empty: nobody was asked who he is.
struct RegisterWorker {
  std::string name, host, incarnation, version;
  std::vector<core::Slot> slots;
  std::vector<core::FoundRun> found_runs;
  std::string directory_id = {};  // who it is; empty: of an earlier release, known by its name
  std::string place = {};         // core::Claimant
  std::string caller = {};        // see below
};
struct FoundAnswer {
  Held held;
  core::FoundAction action = core::FoundAction::kDiscard;
  int64_t next_seq = 1;
};
struct RegisteredWorker {
  std::string worker_id;
  absl::Duration lease_ttl, renew_interval;
  std::vector<FoundAnswer> answers;  // one for each found run, in their order
};

struct ForgetWorkerRequest {
  std::string id;  // or a beginning of it, or the worker's name
};

struct DrainWorkerRequest {
  std::string id;  // as above
  core::Drain drain = core::Drain::kNone;
};

// What lies on a worker's disk of a run now.
struct OfferedCheckpoint {
  core::CheckpointKey key;
  int64_t bytes = 0;
  std::string sha256, path;
};
struct OfferCheckpoints {
  std::string worker_id, incarnation, run_id;
  std::vector<OfferedCheckpoint> checkpoints;
  std::string caller = {};
};
struct WantedCheckpoints {
  std::vector<core::CheckpointKey> wanted;  // the most wanted first
};

struct AcquireWork {
  std::string worker_id, incarnation;
  std::vector<Held> held;
  absl::Duration wait;     // how long to wait for something to do; at most kMaxAcquireWait counts
  std::string unfit = {};  // why it takes no work now; empty: it does
  std::optional<HostFacts> host_facts = {};
  std::string caller = {};
};
inline constexpr absl::Duration kMaxAcquireWait = absl::Seconds(30);

// A checkpoint to resume from. Its path is on the host of the worker that wrote it.
struct AssignedCheckpoint : spec::CheckpointEvent {
  int32_t attempt = 0;
  bool stored = false;  // the controller holds it
};

struct Assignment {
  Held held;
  std::string experiment_id, variant;
  uint64_t seed = 0;
  std::string document;  // of this run, with compute type and threads
  std::vector<int32_t> slots;
  int64_t next_seq = 1;
  std::vector<AssignedCheckpoint> checkpoints;  // whose events are stored: newest first
  absl::Duration max_runtime;                   // zero: no limit
};
struct AcquiredWork {
  std::vector<Assignment> assignments;
  std::vector<Held> stop;
};

struct RenewLeases {
  std::string worker_id, incarnation;
  std::vector<Held> held;
  std::string caller = {};
};
struct RenewedLeases {
  std::vector<Held> renewed;
  std::vector<Held> lost;  // not the caller's any more
  std::vector<Held> stop;  // among `renewed`: to be stopped
};

struct ReportEvents {
  std::string worker_id;
  Held held;                        // the fence
  std::vector<spec::Event> events;  // contiguous seq; each carries the attempt that wrote it
  std::string caller = {};
};
struct ReportedEvents {
  int64_t next_seq = 1;
};

struct ReportExit {
  std::string worker_id;
  Held held;
  core::Exit exit;
  std::string caller = {};
};

}  // namespace fp4::store
