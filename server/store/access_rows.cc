#include "server/store/access_rows.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "server/store/errors.h"
#include "server/store/json_columns.h"

namespace fp4::store {
namespace {

using access::AuditEntry;
using access::TokenRecord;

std::optional<int64_t> Millis(const std::optional<absl::Time>& time) {
  return time ? std::optional(ToMillis(*time)) : std::nullopt;
}

std::optional<absl::Time> TimeOf(const Query& query, int column) {
  if (query.IsNull(column)) return std::nullopt;
  return FromMillis(query.Int(column));
}

bool IsInForce(const TokenRecord& token, absl::Time now) {
  return !token.revoke_time && (!token.expire_time || *token.expire_time > now);
}

absl::Status CheckNew(Ledger& ledger, const TokenRecord& token) {
  const std::vector<TokenRecord> all = ReadTokens(ledger.db());
  if (all.empty() && token.role != access::Role::kAdmin) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition, reason::kFirstToken,
                           "the first token must have the role admin: from then on everybody is "
                           "asked for one, and only an administrator can make the next");
  }
  for (const TokenRecord& other : all) {
    const bool same =
        other.id == token.id || (other.name == token.name && IsInForce(other, ledger.now()));
    if (!same) continue;
    return ErrorWithReason(
        absl::StatusCode::kAlreadyExists, reason::kAlreadyExists,
        absl::StrCat("a token '", token.name, "' is in force (", other.id, "); revoke it first"));
  }
  return absl::OkStatus();
}

// By its id, or by the name of one that is in force, else of the only one.
absl::StatusOr<TokenRecord> FindToken(Ledger& ledger, const std::string& text) {
  std::vector<TokenRecord> named;
  for (TokenRecord& token : ReadTokens(ledger.db())) {
    if (token.id == text) return token;
    if (token.name == text) named.push_back(std::move(token));
  }
  if (named.empty()) return NotFoundError("token", text);
  const auto in_force = std::ranges::find_if(
      named, [&](const TokenRecord& token) { return IsInForce(token, ledger.now()); });
  if (in_force != named.end()) return *in_force;
  if (named.size() > 1) return AmbiguousIdError("token", text);
  return named.front();
}

std::string Cut(const std::string& text) { return text.substr(0, access::kMaxAuditText); }

}  // namespace

absl::StatusOr<TokenRecord> InsertToken(Ledger& ledger, const TokenRecord& token) {
  FP4_RETURN_IF_ERROR(CheckNew(ledger, token));
  TokenRecord stored = token;
  stored.create_time = ledger.now();
  Query(ledger.Writing(),
        "INSERT INTO tokens (id, sha256, name, role, projects, created_by, created_ms, expires_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        token.id, token.sha256, token.name, access::RoleName(token.role),
        FormatStrings(token.projects), token.created_by, ToMillis(stored.create_time),
        Millis(token.expire_time))
      .Run();
  return stored;
}

absl::StatusOr<TokenRecord> RevokeToken(Ledger& ledger, const std::string& id) {
  FP4_ASSIGN_OR_RETURN(TokenRecord token, FindToken(ledger, id));
  if (token.revoke_time) return token;
  token.revoke_time = ledger.now();
  Query(ledger.Writing(), "UPDATE tokens SET revoked_ms = ? WHERE id = ?",
        ToMillis(*token.revoke_time), token.id)
      .Run();
  return token;
}

absl::StatusOr<Nothing> NoteTokenUses(Ledger& ledger,
                                      const std::vector<std::pair<std::string, absl::Time>>& uses) {
  for (const auto& [id, time] : uses) {
    Query(ledger.Writing(), "UPDATE tokens SET used_ms = ? WHERE id = ?", ToMillis(time), id).Run();
  }
  return Nothing{};
}

absl::StatusOr<Nothing> AppendAudit(Ledger& ledger, const AuditEntry& entry) {
  Query(ledger.Writing(),
        "INSERT INTO audit (time_ms, who, role, address, action, subject, code, message) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ToMillis(entry.time), Cut(entry.who), entry.role, Cut(entry.address), Cut(entry.action),
        Cut(entry.subject), entry.code, Cut(entry.message))
      .Run();
  Query(ledger.Writing(), "DELETE FROM audit WHERE number <= ?",
        ledger.db().LastRow() - access::kMaxAuditEntries)
      .Run();
  return Nothing{};
}

std::vector<TokenRecord> ReadTokens(Connection& connection) {
  std::vector<TokenRecord> tokens;
  Query query(connection,
              "SELECT id, sha256, name, role, projects, created_by, created_ms, expires_ms, "
              "used_ms, revoked_ms FROM tokens ORDER BY row DESC");
  while (query.Next()) {
    tokens.push_back({.id = query.Text(0),
                      .sha256 = query.Text(1),
                      .name = query.Text(2),
                      .role = access::RoleFromName(query.Text(3)).value(),  // by the CHECK
                      .projects = ParseStrings(query.Text(4)),
                      .created_by = query.Text(5),
                      .create_time = FromMillis(query.Int(6)),
                      .expire_time = TimeOf(query, 7),
                      .last_use_time = TimeOf(query, 8),
                      .revoke_time = TimeOf(query, 9)});
  }
  return tokens;
}

std::vector<AuditEntry> ReadAudit(Connection& connection, int64_t before, int limit) {
  std::vector<AuditEntry> entries;
  Query query(connection,
              "SELECT number, time_ms, who, role, address, action, subject, code, message "
              "FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?",
              before == 0 ? std::numeric_limits<int64_t>::max() : before, limit);
  while (query.Next()) {
    entries.push_back({.number = query.Int(0),
                       .time = FromMillis(query.Int(1)),
                       .who = query.Text(2),
                       .role = query.Text(3),
                       .address = query.Text(4),
                       .action = query.Text(5),
                       .subject = query.Text(6),
                       .code = query.Text(7),
                       .message = query.Text(8)});
  }
  return entries;
}

}  // namespace fp4::store
