// Who calls in a fuzz target.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/access/gatekeeper.h"
#include "server/access/token.h"

namespace fp4::fuzz {

// Ends the target, which the fuzzer counts as a find.
inline void Require(bool holds) {
  if (!holds) std::abort();
}

// A token of each role, which `gatekeeper` then knows; before them an empty text: nobody.
inline std::vector<std::string> MakeCallers(access::Gatekeeper& gatekeeper) {
  std::vector<std::string> tokens = {""};
  for (const access::RoleInfo& role : access::AllRoles()) {
    const access::TokenText text =
        access::NewToken(absl::StrCat("fuzzer0", std::string(1, role.name[0])));
    gatekeeper.Put({.id = text.id,
                    .sha256 = access::HashSecret(text.secret),
                    .name = std::string(role.name),
                    .role = role.role,
                    .projects = {}});
    tokens.push_back(text.ToString());
  }
  return tokens;
}

}  // namespace fp4::fuzz
