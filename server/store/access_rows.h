// The tables `tokens` and `audit`. Functions throw what SQLite throws; those with a ledger run on
// the writer's thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/access/audit.h"
#include "server/access/identity.h"
#include "server/store/ledger.h"
#include "server/store/requests.h"

namespace fp4::store {

// Errors as of Store::CreateToken and RevokeToken.
absl::StatusOr<access::TokenRecord> InsertToken(Ledger& ledger, const access::TokenRecord& token);
absl::StatusOr<access::TokenRecord> RevokeToken(Ledger& ledger, const std::string& id);
absl::StatusOr<Nothing> NoteTokenUses(Ledger& ledger,
                                      const std::vector<std::pair<std::string, absl::Time>>& uses);
// What is too long in it is cut off.
absl::StatusOr<Nothing> AppendAudit(Ledger& ledger, const access::AuditEntry& entry);

std::vector<access::TokenRecord> ReadTokens(Connection& connection);
std::vector<access::AuditEntry> ReadAudit(Connection& connection, int64_t before, int limit);

}  // namespace fp4::store
