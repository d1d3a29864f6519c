// Tokens and the audit, as JSON; by the rules of messages.h.
#pragma once

#include <string>

#include "fp4/v1/access.pb.h"

namespace fp4::wire {

// [{"id", "name", "role", "projects", "create_time", "expire_time", "last_use_time", "revoke_time",
// "created_by"}]
std::string TokensJson(const v1::ListTokensResponse& all);
// {"name", "role", "projects", "expire_time"}
std::string WhoAmIJson(const v1::WhoAmIResponse& who);
// [{"number", "time", "who", "role", "address", "action", "subject", "code", "message"}]
std::string AuditJson(const v1::ListAuditResponse& all);

}  // namespace fp4::wire
