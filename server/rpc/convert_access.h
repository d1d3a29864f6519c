// Tokens and the audit as messages. Part of the conversion layer.
#pragma once

#include "absl/status/statusor.h"
#include "fp4/v1/access.pb.h"
#include "server/access/audit.h"
#include "server/access/identity.h"

namespace fp4::rpc {

// Without id and hash. INVALID_ARGUMENT names the field and its value. `now`: it must not expire
// before.
absl::StatusOr<access::TokenRecord> FromProto(const v1::CreateTokenRequest& request,
                                              absl::Time now);

v1::Token ToProto(const access::TokenRecord& token);
v1::AuditEntry ToProto(const access::AuditEntry& entry);
v1::WhoAmIResponse ToProto(const access::Caller& caller);

}  // namespace fp4::rpc
