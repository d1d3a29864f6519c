// Who calls: roles, tokens as they are kept, and the caller of one call.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace fp4::access {

// In ascending order of what they may do; a worker's calls are others than people's.
enum class Role : uint8_t { kViewer, kSubmitter, kOperator, kAdmin, kWorker };

struct RoleInfo {
  Role role;
  std::string_view name;  // as in tokens, flags and answers
  std::string_view may;   // for people
};
// One for each role, in their order.
std::span<const RoleInfo> AllRoles();
std::string_view RoleName(Role role);
std::optional<Role> RoleFromName(std::string_view name);

// A token without its text, of which only a hash is kept.
struct TokenRecord {
  std::string id;      // public: stands in the text
  std::string sha256;  // of the secret part of the text, in hexadecimal digits
  std::string name;
  Role role = Role::kViewer;
  std::vector<std::string> projects;  // whose experiments it may change; empty: all
  std::string created_by = {};
  absl::Time create_time = {};
  std::optional<absl::Time> expire_time = {}, last_use_time = {}, revoke_time = {};
};

// Whoever makes one call.
struct Caller {
  // Nobody is asked who he is: everything is allowed, and `name` is what the caller claims.
  bool open = false;
  std::string name = {};
  Role role = Role::kViewer;
  std::vector<std::string> projects = {};
  std::optional<absl::Time> expire_time = {};
  std::string token_id = {};  // by which token; empty: by a certificate
  std::string address = {};   // of the other end of the connection, with its port

  bool MayChangeAllProjects() const;
  bool MayChangeProject(std::string_view project) const;
  // As what the owner of a worker is kept; empty: nobody looks.
  std::string WorkerOwner() const { return open ? "" : name; }
};

// What a call brings along.
struct Credentials {
  std::string_view bearer;  // the text of a token; empty: none
  std::string_view
      certificate;            // the name in a worker's certificate that was verified; empty: none
  std::string_view token_id;  // of a session that a token began; empty: none
  std::string_view address;   // of the other end
};

}  // namespace fp4::access
