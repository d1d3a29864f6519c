// The one place where an absl::Status becomes what a gRPC client sees.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace fp4::rpc {

inline constexpr char kErrorDomain[] = "fp4lab";

// The same code and message, and as details (google.rpc.Status in grpc-status-details-bin): always
// an ErrorInfo with the status's reason (base/reasons.h; without one the code's name), and whatever
// else `status` carries as a google.rpc payload, e.g. the BadRequest of InvalidFields.
grpc::Status ToGrpcStatus(const absl::Status& status);

struct FieldViolation {
  std::string field;        // "precision.default"
  std::string description;  // "12:16: is 'fp44'; did you mean 'fp4'? …"
};

// INVALID_ARGUMENT with a BadRequest.FieldViolation each. Clients refuse trailers of more than 8
// KiB, so of a very long list the rest is counted in a last violation without a field.
absl::Status InvalidFields(std::string_view reason, std::string_view message,
                           std::span<const FieldViolation> violations);

}  // namespace fp4::rpc
