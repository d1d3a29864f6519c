// What worker and controller tell each other, as plain data: the wire's messages stop at
// worker/rpc/convert.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/exit_cause.h"
#include "spec/events.h"

namespace fp4::worker {

enum class SlotKind : uint8_t { kCpu, kGpu };

// One place where a trainer can run.
struct Slot {
  int32_t index = 0;
  SlotKind kind = SlotKind::kCpu;
  std::string device;             // "cpu" or the GPU's UUID
  std::string name;               // the processor's or the GPU's
  int64_t memory_bytes = 0;       // of the GPU; of the host for a CPU slot
  int32_t cpu_threads = 1;        // cores that a trainer here may use
  std::string cpu_compute_dtype;  // "fp32" | "bf16"
};

// A lease: the right to run one attempt of one run.
struct Held {
  std::string run_id;
  int32_t attempt = 0;
  bool operator==(const Held&) const = default;
};

// A checkpoint whose event the controller has stored, or will have before anything newer.
struct CheckpointRef {
  std::string path;  // its folder, maybe of another host
  int64_t step = 0;
  // Of one that comes with an assignment:
  int32_t attempt = 0;
  int64_t bytes = 0;        // of the state
  std::string sha256 = {};  // of the state
  bool stored = false;      // the controller holds it
  bool operator==(const CheckpointRef&) const = default;
};

// Which of a run's checkpoints.
struct CheckpointKey {
  int64_t step = 0;
  int32_t attempt = 0;
  auto operator<=>(const CheckpointKey&) const = default;
};

// Where the controller keeps checkpoints, on its own host: who reads the token in the file `token`
// there sees the same folder.
struct ArtifactPlace {
  std::filesystem::path folder;
  std::string token;  // empty: it keeps none
};

// What the controller is told of this host with each poll.
struct HostFacts {
  absl::Time time;                          // this host's clock
  int64_t free_bytes = 0, total_bytes = 0;  // of the disk of the work directory
};

struct Assignment {
  Held lease;
  std::string document;  // of the run: spec::RunDocument
  std::vector<int32_t> slots;
  int64_t next_seq = 1;                    // the first that the controller has not stored
  std::vector<CheckpointRef> checkpoints;  // to resume from, those stored: newest first
  absl::Duration max_runtime;              // zero: no limit
};

// A run directory as a starting worker finds it.
struct FoundRun {
  Held lease;
  int64_t last_seq = 0;   // in the log; 0: none
  bool alive = false;     // its trainer runs
  bool finished = false;  // the log ends with `finished`
};

enum class FoundAction : uint8_t {
  kKeep,     // the lease stands
  kDeliver,  // the lease is over: end the trainer, deliver the rest of the log, tell the exit
  kDiscard,  // end the trainer; nothing is wanted any more
};

struct FoundAnswer {
  Held lease;
  FoundAction action = FoundAction::kDiscard;
  int64_t next_seq = 1;
};

struct Introduction {
  std::string directory_id;  // who it is: WorkerIdOf
  std::string place;         // PlaceOf
  std::string name;          // for people
  std::string host;
  std::string incarnation;  // new at every start of the daemon
  std::string version;
  std::vector<Slot> slots;
};

// By which the controller knows who calls, after Register.
struct Caller {
  std::string worker_id;
  std::string incarnation;
};

struct Registration {
  std::string worker_id;
  absl::Duration lease_ttl;
  absl::Duration renew_interval;
  std::vector<FoundAnswer> answers;
  ArtifactPlace artifacts = {};
};

// What a long poll brings.
struct Work {
  std::vector<Assignment> assignments;
  std::vector<Held> stop;  // their lease ends with the reported exit
};

struct Renewal {
  std::vector<Held> renewed;
  std::vector<Held> lost;  // not the caller's any more
  std::vector<Held> stop;  // renewed, and to be stopped
};

struct EventReport {
  Held lease;
  std::vector<spec::Event> events;  // contiguous seq
};

// How an attempt ended.
struct ExitReport {
  ExitCause cause = ExitCause::kLost;
  int32_t exit_code = 0;         // kExited
  int32_t signal = 0;            // where a signal ended it
  std::string message = {};      // for people
  std::string stderr_tail = {};  // last lines, at most kMaxStderrTail bytes
};

inline constexpr size_t kMaxStderrTail = 8 << 10;

// The cause that ExitCauseName calls so.
std::optional<ExitCause> CauseFromName(std::string_view name);

}  // namespace fp4::worker
