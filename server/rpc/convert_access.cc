#include "server/rpc/convert_access.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "server/rpc/invalid_field.h"
#include "tls/worker_uri.h"
#include "wire/times.h"

namespace fp4::rpc {
namespace {

std::string RoleNames() {
  std::string names;
  for (const access::RoleInfo& role : access::AllRoles()) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(role.name));
  }
  return names;
}

absl::Status CheckProjects(const v1::CreateTokenRequest& request, access::Role role) {
  if (request.projects().empty()) return absl::OkStatus();
  if (role != access::Role::kSubmitter) {
    return InvalidField("projects", absl::StrCat("is given for the role ", request.role(),
                                                 "; only a submitter is limited to projects"));
  }
  for (const std::string& project : request.projects()) {
    if (project.empty()) return InvalidField("projects", "has an empty name");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<access::TokenRecord> FromProto(const v1::CreateTokenRequest& request,
                                              absl::Time now) {
  access::TokenRecord token;
  if (!tls::IsIdentityName(request.name())) {
    return InvalidField("name", absl::StrCat("is '", request.name(),
                                             "'; allowed: 1 to 64 letters, digits, '.', '_', '-', "
                                             "'@'"));
  }
  token.name = request.name();
  const std::optional<access::Role> role = access::RoleFromName(request.role());
  if (!role) {
    return InvalidField("role", absl::StrCat("is '", request.role(), "'; allowed: ", RoleNames()));
  }
  token.role = *role;
  if (absl::Status projects = CheckProjects(request, *role); !projects.ok()) return projects;
  token.projects.assign(request.projects().begin(), request.projects().end());
  if (request.has_expire_time()) {
    token.expire_time = wire::FromProto(request.expire_time());
    if (*token.expire_time <= now) {
      return InvalidField("expire_time", absl::StrCat("is ", absl::FormatTime(*token.expire_time),
                                                      ", which has passed"));
    }
  }
  return token;
}

v1::Token ToProto(const access::TokenRecord& token) {
  v1::Token message;
  message.set_id(token.id);
  message.set_name(token.name);
  message.set_role(std::string(access::RoleName(token.role)));
  message.mutable_projects()->Add(token.projects.begin(), token.projects.end());
  *message.mutable_create_time() = wire::ToProto(token.create_time);
  if (token.expire_time) *message.mutable_expire_time() = wire::ToProto(*token.expire_time);
  if (token.last_use_time) *message.mutable_last_use_time() = wire::ToProto(*token.last_use_time);
  if (token.revoke_time) *message.mutable_revoke_time() = wire::ToProto(*token.revoke_time);
  message.set_created_by(token.created_by);
  return message;
}

v1::AuditEntry ToProto(const access::AuditEntry& entry) {
  v1::AuditEntry message;
  message.set_number(entry.number);
  *message.mutable_time() = wire::ToProto(entry.time);
  message.set_who(entry.who);
  message.set_role(entry.role);
  message.set_address(entry.address);
  message.set_action(entry.action);
  message.set_subject(entry.subject);
  message.set_code(entry.code);
  message.set_message(entry.message);
  return message;
}

v1::WhoAmIResponse ToProto(const access::Caller& caller) {
  v1::WhoAmIResponse message;
  if (caller.open) return message;
  message.set_name(caller.name);
  message.set_role(std::string(access::RoleName(caller.role)));
  message.mutable_projects()->Add(caller.projects.begin(), caller.projects.end());
  if (caller.expire_time) *message.mutable_expire_time() = wire::ToProto(*caller.expire_time);
  return message;
}

}  // namespace fp4::rpc
