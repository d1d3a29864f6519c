#include "server/access/rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"

namespace fp4::access {
namespace {

using enum Role;

constexpr Rule Seen(std::string_view method) { return {.method = method, .least = kViewer}; }

constexpr Rule Changed(std::string_view method, std::string_view subject) {
  return {.method = method,
          .least = kSubmitter,
          .scope = Scope::kOwnProject,
          .audited = true,
          .subject = subject};
}

constexpr Rule Operated(std::string_view method, std::string_view subject) {
  return {.method = method, .least = kOperator, .audited = true, .subject = subject};
}

constexpr Rule Administered(std::string_view method, std::string_view subject, bool audited) {
  return {.method = method, .least = kAdmin, .audited = audited, .subject = subject};
}

constexpr Rule Worked(std::string_view method, bool audited = false) {
  return {.method = method,
          .least = kWorker,
          .scope = Scope::kOwnWorker,
          .audited = audited,
          .subject = audited ? "name" : ""};
}

constexpr Rule kRpcRules[] = {
    Changed("ExperimentService/CreateExperiment", "document_name"),
    Seen("ExperimentService/GetExperiment"),
    Seen("ExperimentService/ListExperiments"),
    Changed("ExperimentService/CancelExperiment", "id"),
    Changed("ExperimentService/DeleteExperiment", "id"),
    Seen("ExperimentService/GetRun"),
    Seen("ExperimentService/ListRuns"),
    Changed("ExperimentService/CancelRun", "id"),
    Changed("ExperimentService/RetryRun", "id"),
    Seen("ExperimentService/Watch"),
    Seen("ExperimentService/QueryMetrics"),
    Seen("ExperimentService/Compare"),
    Seen("ExperimentService/ListQueue"),
    Seen("ExperimentService/ListWorkers"),
    Operated("ExperimentService/ForgetWorker", "id"),
    Worked("WorkerService/Register", /*audited=*/true),
    Worked("WorkerService/Acquire"),
    Worked("WorkerService/RenewLeases"),
    Worked("WorkerService/ReportEvents"),
    Worked("WorkerService/ReportExit"),
    Seen("CheckpointService/ListCheckpoints"),
    {.method = "CheckpointService/DownloadCheckpoint", .least = kViewer, .workers_too = true},
    Worked("CheckpointService/OfferCheckpoints"),
    Worked("CheckpointService/UploadCheckpoint"),
    Operated("AdminService/DrainWorker", "id"),
    Operated("AdminService/EnableWorker", "id"),
    Administered("AdminService/Backup", "folder", /*audited=*/true),
    {.method = "AdminService/Diagnose", .least = kOperator},
    {.method = "AccessService/WhoAmI", .least = kViewer, .workers_too = true},
    Administered("AccessService/CreateToken", "name", /*audited=*/true),
    Administered("AccessService/ListTokens", "", /*audited=*/false),
    Administered("AccessService/RevokeToken", "id", /*audited=*/true),
    Administered("AccessService/ListAudit", "", /*audited=*/false),
};

// The page itself holds nothing of the lab's: what it shows comes from the API.
constexpr Rule kHttpRules[] = {
    {.method = "GET /healthz", .least = std::nullopt},
    {.method = "GET /metrics", .least = kViewer},
    {.method = "POST /api/v1/login", .least = std::nullopt, .audited = true},
    {.method = "POST /api/v1/logout", .least = std::nullopt},
    {.method = "GET /api/", .least = kViewer},
    {.method = "GET /", .least = std::nullopt},
};

std::string Allowed(const Rule& rule, Role role) {
  const bool worker = role == kWorker;
  if (rule.least == kWorker) return worker ? "own" : "";
  if (worker) return rule.workers_too ? "own" : "";
  if (role < *rule.least) return "";
  return rule.scope == Scope::kOwnProject && role == kSubmitter ? "own projects" : "yes";
}

}  // namespace

std::string_view ScopeName(Scope scope) {
  switch (scope) {
    case Scope::kLab:
      return "the lab";
    case Scope::kOwnProject:
      return "own projects";
    case Scope::kOwnWorker:
      return "own leases";
  }
  return "";
}

std::span<const Rule> RpcRules() { return kRpcRules; }
std::span<const Rule> HttpRules() { return kHttpRules; }

const Rule* FindRpcRule(std::string_view method) {
  const auto found = std::ranges::find(kRpcRules, method, &Rule::method);
  return found == std::end(kRpcRules) ? nullptr : &*found;
}

const Rule* FindHttpRule(std::string_view method, std::string_view path) {
  const std::string asked =
      absl::StrCat(std::string(method == "HEAD" ? "GET" : method), " ", std::string(path));
  for (const Rule& rule : kHttpRules) {
    if (rule.method == asked) return &rule;
    if (rule.method.ends_with('/') && asked.starts_with(rule.method)) return &rule;
  }
  return nullptr;
}

absl::Status CheckRole(const Rule& rule, const Caller& caller) {
  if (caller.open || !rule.least) return absl::OkStatus();
  const bool is_worker = caller.role == kWorker;
  const bool allowed = is_worker ? rule.workers_too || rule.least == kWorker
                                 : rule.least != kWorker && caller.role >= *rule.least;
  if (allowed) return absl::OkStatus();
  return Denied(absl::StrCat("'", caller.name, "' has the role ",
                             std::string(RoleName(caller.role)), "; ", std::string(rule.method),
                             " takes the role ", std::string(RoleName(*rule.least)),
                             *rule.least < kAdmin ? " or a higher one" : ""));
}

absl::Status Denied(std::string_view message) {
  return ErrorWithReason(absl::StatusCode::kPermissionDenied, reason::kPermissionDenied, message);
}

absl::Status Unauthenticated(std::string_view message) {
  return ErrorWithReason(absl::StatusCode::kUnauthenticated, reason::kUnauthenticated, message);
}

std::string RulesTable() {
  std::string table = "| call |";
  std::string line = "|---|";
  for (const RoleInfo& role : AllRoles()) {
    absl::StrAppend(&table, " ", std::string(role.name), " |");
    absl::StrAppend(&line, "---|");
  }
  absl::StrAppend(&table, " audited |\n", line, "---|\n");
  for (const Rule& rule : kRpcRules) {
    absl::StrAppend(&table, "| `", std::string(rule.method), "` |");
    for (const RoleInfo& role : AllRoles()) {
      absl::StrAppend(&table, " ", Allowed(rule, role.role), " |");
    }
    absl::StrAppend(&table, rule.audited ? " yes |\n" : "  |\n");
  }
  return table;
}

}  // namespace fp4::access
