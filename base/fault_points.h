// Named places where a test has a program fail on purpose: it is killed there, loses a message, or
// breaks a rule that another check has to notice. Nothing happens unless the environment asks for
// it:
//
//   FP4_FAULTS         "POINT:N" the N-th time that this process passes the point (from 1);
//                      "POINT:N/K" then and every K-th time after that. Several with commas.
//   FP4_FAULTS_FIRED   a folder. What is asked for without K happens once for all processes that
//                      share the folder: it then holds a file of the point's name.
//   FP4_CLOCK_SHIFT    a file that holds a number of seconds. The wall clock is ahead by so much,
//                      from the moment on that the file says so.
//
// A text that cannot be read ends the program with status 2: a fault that silently does not happen
// would let a test pass that tests nothing. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace fp4 {

enum class FaultPoint {
  kStoreBeforeCommit,
  kStoreAfterCommit,
  kStoreAfterReply,
  kStoreMigration,
  kStoreAcknowledgeEarly,
  kStoreNoFence,
  kStoreSlowCommit,
  kArtifactPiece,
  kArtifactBeforeRename,
  kArtifactAfterRename,
  kWorkerSpawned,
  kWorkerPieceSent,
  kWorkerBeforeRename,
  kWorkerCallLost,
  kWorkerAnswerLost,
  kWorkerCallRepeated,
  kTrainerTornLine,
  kTrainerBeforeRename,
  kTrainerAfterRename,
};

struct FaultPointInfo {
  FaultPoint point;
  std::string_view name;
  std::string_view effect;
};

// In the order of the enumeration.
inline constexpr FaultPointInfo kFaultPoints[] = {
    {FaultPoint::kStoreBeforeCommit, "store.before-commit", "the controller is killed"},
    {FaultPoint::kStoreAfterCommit, "store.after-commit", "killed before anybody is answered"},
    {FaultPoint::kStoreAfterReply, "store.after-reply", "killed when the answers are on their way"},
    {FaultPoint::kStoreMigration, "store.migration", "killed within a migration's transaction"},
    {FaultPoint::kStoreAcknowledgeEarly, "store.acknowledge-early",
     "a planted mistake: answers are given before the commit"},
    {FaultPoint::kStoreNoFence, "store.no-fence",
     "a planted mistake: an attempt that is over may write"},
    {FaultPoint::kStoreSlowCommit, "store.slow-commit", "the commit takes four seconds longer"},
    {FaultPoint::kArtifactPiece, "artifact.piece", "killed when a piece of an upload is written"},
    {FaultPoint::kArtifactBeforeRename, "artifact.before-rename",
     "killed before a stored checkpoint gets its name"},
    {FaultPoint::kArtifactAfterRename, "artifact.after-rename",
     "killed before the database knows of a stored checkpoint"},
    {FaultPoint::kWorkerSpawned, "worker.spawned",
     "the worker is killed before it has noted the trainer that it started"},
    {FaultPoint::kWorkerPieceSent, "worker.piece-sent", "killed in an upload"},
    {FaultPoint::kWorkerBeforeRename, "worker.before-rename",
     "killed before a fetched checkpoint gets its name"},
    {FaultPoint::kWorkerCallLost, "worker.call-lost", "a call never leaves, and fails"},
    {FaultPoint::kWorkerAnswerLost, "worker.answer-lost", "a call is made, and its answer is lost"},
    {FaultPoint::kWorkerCallRepeated, "worker.call-repeated", "a call is made twice at once"},
    {FaultPoint::kTrainerTornLine, "trainer.torn-line", "killed in the middle of an event's line"},
    {FaultPoint::kTrainerBeforeRename, "trainer.before-rename",
     "the trainer is killed before a checkpoint gets its name"},
    {FaultPoint::kTrainerAfterRename, "trainer.after-rename",
     "killed before the log tells of a checkpoint"},
};

std::string_view FaultPointName(FaultPoint point);

// One entry of FP4_FAULTS.
struct PlannedFault {
  FaultPoint point;
  int64_t first = 1;  // which passing, from 1
  int64_t every = 0;  // and each so-many-th after it; 0: that one only

  bool FiresAt(int64_t passing) const;
};

// INVALID_ARGUMENT names the entry, and the points that there are.
absl::StatusOr<std::vector<PlannedFault>> ParseFaults(std::string_view text);

// Counts that the process passes the point; whether something is to go wrong there now.
bool FaultFires(FaultPoint point);

// Where FaultFires, the process dies as by kill -9.
void DieAt(FaultPoint point);

// By how much the wall clock is to be wrong; 0 unless FP4_CLOCK_SHIFT names a file.
absl::Duration InjectedClockShift();

}  // namespace fp4
