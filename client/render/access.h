// Tokens and the audit as tables.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "client/render/table.h"
#include "fp4/v1/access.pb.h"

namespace fp4::client {

std::string RenderTokens(const v1::ListTokensResponse& all, absl::Time now, const Layout& layout);
std::string RenderAudit(const v1::ListAuditResponse& all, absl::Time now, const Layout& layout);

}  // namespace fp4::client
