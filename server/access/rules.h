// The one table of who may call what. The gate of the gRPC server, that of the HTTP server,
// docs/security.md and the tests are made from it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/access/identity.h"

namespace fp4::access {

// Of what a caller with the right role may make use.
enum class Scope : uint8_t {
  kLab,         // of all
  kOwnProject,  // experiments of its token's projects; operators and administrators: of all
  kOwnWorker,   // workers that registered with this identity, and their leases
};
std::string_view ScopeName(Scope scope);

struct Rule {
  std::string_view method;  // "ExperimentService/GetRun", or "GET /api/": a path, or its beginning
  // The least role; kWorker: workers only. Nothing: anybody, with no identity too.
  std::optional<Role> least;
  Scope scope = Scope::kLab;
  bool workers_too = false;       // beside people, for their own leases
  bool audited = false;           // whoever calls it, and how it went, is kept
  std::string_view subject = {};  // the field of the request that says what it is about
};

// By service, in the order of proto/.
std::span<const Rule> RpcRules();
// The first whose method fits counts.
std::span<const Rule> HttpRules();

// The rule of "Service/Method"; null: there is none, and nobody may call it.
const Rule* FindRpcRule(std::string_view method);
const Rule* FindHttpRule(std::string_view method, std::string_view path);

// By the role alone; whose project or lease it is, the handlers check (Scope). PERMISSION_DENIED
// says which role it takes.
absl::Status CheckRole(const Rule& rule, const Caller& caller);

// PERMISSION_DENIED with the reason of that name.
absl::Status Denied(std::string_view message);
// UNAUTHENTICATED with the reason of that name.
absl::Status Unauthenticated(std::string_view message);

// The table of RPCs as a page of the documentation shows it (Markdown).
std::string RulesTable();

}  // namespace fp4::access
