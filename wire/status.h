// Errors on the wire: absl::Status to what a gRPC client sees, and back. The one place where the
// two meet, for server, worker and client. Functions are pure and thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "spec/document.h"

namespace grpc {
class Status;
}

namespace fp4::wire {

inline constexpr char kErrorDomain[] = "fp4lab";

// The same code and message, and as details (google.rpc.Status in grpc-status-details-bin): always
// an ErrorInfo with the status's reason (base/reasons.h; without one the code's name), and whatever
// else `status` carries as a google.rpc payload, e.g. the BadRequest of InvalidFields. The message
// is cut to what a header holds, and what is not UTF-8 in it is replaced by U+FFFD.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The same code and message, with the reason and its metadata (ReasonOf, ReasonMetadataOf), and
// with the problems of a document (ProblemsOf). A status without details, as the gRPC library makes
// them itself, has no reason.
absl::Status FromGrpcStatus(const grpc::Status& status);

struct FieldViolation {
  std::string field;        // "max_points"
  std::string description;  // "is 3; allowed: 0 (all), or at least 5"
};

// INVALID_ARGUMENT with a BadRequest.FieldViolation each. Clients refuse trailers of more than 8
// KiB, so of a very long list the rest is counted in a last violation without a field.
absl::Status InvalidFields(std::string_view reason, std::string_view message,
                           std::span<const FieldViolation> violations);

// The same for what is wrong with a document: `problems` is not empty. The description of a
// violation begins with the problem's place, for whoever reads BadRequest only; ProblemsOf gives
// the parts.
absl::Status InvalidDocument(std::string_view reason, std::string_view message,
                             std::span<const spec::Problem> problems);

// The problems that an error about a document carries, in their order; empty for any other error.
std::vector<spec::Problem> ProblemsOf(const absl::Status& status);

}  // namespace fp4::wire
