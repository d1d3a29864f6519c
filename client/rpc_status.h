// Errors of calls as absl::Status: the reason (base/reasons.h) and the problems of a document
// travel with them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace grpc {
class Status;
}

namespace fp4::client {

// One problem of a document, as the server found it.
struct Violation {
  std::string field;        // the document's path
  std::string description;  // "LINE:COLUMN: what is wrong"
};

// OK stays OK. UNAVAILABLE without a reason means that nobody answered at `address`.
absl::Status FromRpc(const grpc::Status& status, const std::string& address);

// In the document's order; empty when the error is not about a document.
std::vector<Violation> ViolationsOf(const absl::Status& status);

// "FILE:LINE:COLUMN: error: FIELD: what is wrong"; without a place the numbers are left out.
std::string FormatViolation(const Violation& violation, const std::string& document_name);

}  // namespace fp4::client
