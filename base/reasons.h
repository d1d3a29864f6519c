// The stable strings by which programs tell conditions apart: reasons of errors
// (google.rpc.ErrorInfo.reason) and reasons of a run's state. One table; the texts beside them may
// change, these do not. Codes of health events stand in base/health_codes.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace fp4::reason {

// Errors of calls.
inline constexpr std::string_view kInvalidDocument = "INVALID_DOCUMENT";
inline constexpr std::string_view kInvalidArgument = "INVALID_ARGUMENT";
inline constexpr std::string_view kNotFound = "NOT_FOUND";
inline constexpr std::string_view kAmbiguousId = "AMBIGUOUS_ID";
inline constexpr std::string_view kPathNotAllowed = "PATH_NOT_ALLOWED";
inline constexpr std::string_view kRunsActive = "RUNS_ACTIVE";  // delete before all has finished
inline constexpr std::string_view kIllegalTransition =
    "ILLEGAL_TRANSITION";  // retry of a run that did not fail, …
inline constexpr std::string_view kRequestIdReused = "REQUEST_ID_REUSED";  // with another content
inline constexpr std::string_view kStaleAttempt = "STALE_ATTEMPT";
inline constexpr std::string_view kSeqGap = "SEQ_GAP";  // metadata: expected_seq
inline constexpr std::string_view kProtocolVersion = "PROTOCOL_VERSION";
inline constexpr std::string_view kUnknownWorker = "UNKNOWN_WORKER";
inline constexpr std::string_view kDuplicateWorker =
    "DUPLICATE_WORKER";  // another live one has this id: a directory was copied
inline constexpr std::string_view kWorkerInUse = "WORKER_IN_USE";  // forget before it is gone
inline constexpr std::string_view kStorage = "STORAGE";
inline constexpr std::string_view kNotStored =
    "NOT_STORED";  // the controller does not hold this checkpoint
inline constexpr std::string_view kNotWanted = "NOT_WANTED";  // nor does it want to have it
inline constexpr std::string_view kCorruptChunk =
    "CORRUPT_CHUNK";  // a piece of a checkpoint has another checksum than was told
inline constexpr std::string_view kCorruptCheckpoint =
    "CORRUPT_CHECKPOINT";  // a whole checkpoint has another digest than was told
inline constexpr std::string_view kArtifactSpace =
    "ARTIFACT_SPACE";  // no room for checkpoints, or the quota is used up
inline constexpr std::string_view kAlreadyExists = "ALREADY_EXISTS";  // what was to be made
inline constexpr std::string_view kShuttingDown = "SHUTTING_DOWN";
inline constexpr std::string_view kUnauthenticated =
    "UNAUTHENTICATED";  // no identity, or one that is unknown, expired or revoked
inline constexpr std::string_view kPermissionDenied =
    "PERMISSION_DENIED";  // the role, the project or the lease is another
inline constexpr std::string_view kTooManyCalls = "TOO_MANY_CALLS";
inline constexpr std::string_view kFirstToken = "FIRST_TOKEN";  // must be an administrator's
inline constexpr std::string_view kSecretInDocument = "SECRET_IN_DOCUMENT";
inline constexpr std::string_view kUnimplemented = "UNIMPLEMENTED";

// Why a run is in its state.
inline constexpr std::string_view kCancelled = "cancelled";
inline constexpr std::string_view kLeaseExpired = "lease_expired";
inline constexpr std::string_view kTrainerFailed =
    "trainer_failed";  // it said so itself: `finished` with status failed
inline constexpr std::string_view kTrainerCrashed =
    "trainer_crashed";  // signal, or an exit without `finished`
inline constexpr std::string_view kBadDocument = "bad_document";  // exit status 2: never retried
inline constexpr std::string_view kSpawnFailed = "spawn_failed";
inline constexpr std::string_view kLogBroken = "log_broken";  // the event log has a gap
inline constexpr std::string_view kNoProgress =
    "no_progress";  // many attempts in a row, and no step further
inline constexpr std::string_view kRestartedFromZero = "restarted_from_zero";  // running, from 0
inline constexpr std::string_view kCheckpointPassedOver =
    "checkpoint_passed_over";  // running, from an older one than is stored
inline constexpr std::string_view kMaxRuntime = "max_runtime";
inline constexpr std::string_view kTrainerLost = "trainer_lost";
inline constexpr std::string_view kStopped = "stopped";  // by a signal, after a checkpoint
inline constexpr std::string_view kRetried = "retried";  // by a user
inline constexpr std::string_view kRestartsExhausted = "restarts_exhausted";
inline constexpr std::string_view kPreempted = "preempted";  // a more urgent run has its slots
inline constexpr std::string_view kKillsWorkers =
    "kills_workers";  // one worker after the other was lost with it
inline constexpr std::string_view kStoppedBySearch =
    "stopped_by_search";  // cancelled: others did better at its rung

// Why a trainer failed although nothing is wrong with its run: what it says last (the reason of its
// `finished` event, the last line on stderr) begins with one of these and a colon. Another machine,
// or the same one later, may do better.
inline constexpr std::string_view kDiskFull = "disk_full";  // no space or no quota left
inline constexpr std::string_view kMachineFault =
    "machine_fault";  // a disk that cannot be read or written, no memory, a missing device
inline constexpr std::string_view kOutOfMemory = "out_of_memory";  // it did not fit the device
inline constexpr std::string_view kDataMissing =
    "data_missing";  // files that the document names are not on this machine

}  // namespace fp4::reason

namespace fp4 {

// kDiskFull, kMachineFault, kOutOfMemory or kDataMissing when `last_words` of a trainer
// ("fp4-train: disk_full: write …", or without the program's name) begin with it; otherwise empty:
// the run itself is to blame.
std::string_view MachineReasonOf(std::string_view last_words);

// A status that carries a reason and, if needed, details for programs.
absl::Status ErrorWithReason(absl::StatusCode code, std::string_view reason,
                             std::string_view message,
                             const std::map<std::string, std::string>& metadata = {});

// The reason that a status carries; nothing when it has none.
std::optional<std::string> ReasonOf(const absl::Status& status);
std::map<std::string, std::string> ReasonMetadataOf(const absl::Status& status);

}  // namespace fp4
