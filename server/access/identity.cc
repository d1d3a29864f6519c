#include "server/access/identity.h"

#include <algorithm>
#include <iterator>

namespace fp4::access {
namespace {

constexpr RoleInfo kRoles[] = {
    {Role::kViewer, "viewer", "see everything"},
    {Role::kSubmitter, "submitter",
     "also submit experiments, and cancel, retry and delete them, in its own projects"},
    {Role::kOperator, "operator", "also all projects; drain, enable and forget workers; diagnose"},
    {Role::kAdmin, "admin", "also make and revoke tokens, read the audit, make backups"},
    {Role::kWorker, "worker", "take runs and report them, for its own leases only"}};

}  // namespace

std::span<const RoleInfo> AllRoles() { return kRoles; }

std::string_view RoleName(Role role) { return kRoles[static_cast<size_t>(role)].name; }

std::optional<Role> RoleFromName(std::string_view name) {
  const auto found = std::ranges::find(kRoles, name, &RoleInfo::name);
  return found == std::end(kRoles) ? std::nullopt : std::optional(found->role);
}

bool Caller::MayChangeAllProjects() const {
  return open || role == Role::kOperator || role == Role::kAdmin || projects.empty();
}

bool Caller::MayChangeProject(std::string_view project) const {
  return MayChangeAllProjects() || std::ranges::find(projects, project) != projects.end();
}

}  // namespace fp4::access
