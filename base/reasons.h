// The stable strings by which programs tell conditions apart: reasons of errors
// (google.rpc.ErrorInfo.reason), reasons of a run's state, codes of health events. One table; the
// texts beside them may change, these do not.
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
inline constexpr std::string_view kStorage = "STORAGE";
inline constexpr std::string_view kShuttingDown = "SHUTTING_DOWN";
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
inline constexpr std::string_view kMaxRuntime = "max_runtime";
inline constexpr std::string_view kTrainerLost = "trainer_lost";
inline constexpr std::string_view kStopped = "stopped";  // by a signal, after a checkpoint
inline constexpr std::string_view kRetried = "retried";  // by a user
inline constexpr std::string_view kRestartsExhausted = "restarts_exhausted";

// Codes of health events.
inline constexpr std::string_view kFrozenLayer = "frozen_layer";
inline constexpr std::string_view kNonFinite = "non_finite";

}  // namespace fp4::reason

namespace fp4 {

// A status that carries a reason and, if needed, details for programs.
absl::Status ErrorWithReason(absl::StatusCode code, std::string_view reason,
                             std::string_view message,
                             const std::map<std::string, std::string>& metadata = {});

// The reason that a status carries; nothing when it has none.
std::optional<std::string> ReasonOf(const absl::Status& status);
std::map<std::string, std::string> ReasonMetadataOf(const absl::Status& status);

}  // namespace fp4
