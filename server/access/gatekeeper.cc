#include "server/access/gatekeeper.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/log.h"
#include "base/peer.h"
#include "base/reasons.h"
#include "server/access/token.h"

namespace fp4::access {
namespace {

// What nothing hashes to: compared with where there is no such token, so that this takes as long.
constexpr std::string_view kNoHash =
    "0000000000000000000000000000000000000000000000000000000000000000";

absl::Status TooMany(std::string_view message) {
  return ErrorWithReason(absl::StatusCode::kResourceExhausted, reason::kTooManyCalls, message);
}

}  // namespace

void Gatekeeper::Put(TokenRecord token) {
  MutexLock lock(mutex_);
  tokens_.insert_or_assign(token.id, std::move(token));
}

bool Gatekeeper::RequiredLocked() const { return required_ || !tokens_.empty(); }

bool Gatekeeper::required() const {
  MutexLock lock(mutex_);
  return RequiredLocked();
}

absl::StatusOr<Caller> Gatekeeper::Identify(const Credentials& credentials) {
  MutexLock lock(mutex_);
  if (!RequiredLocked()) return Caller{.open = true, .address = std::string(credentials.address)};
  absl::StatusOr<Caller> caller = IdentifyLocked(credentials);
  const absl::Duration now = clock_.SinceBoot();
  if (caller.ok()) {
    caller->address = credentials.address;
    const std::string name = absl::StrCat(std::string(RoleName(caller->role)), " ", caller->name);
    if (calls_.Allow(name, now)) return caller;
    return TooMany(absl::StrCat("'", caller->name, "' calls too often: more than ", kCallsPerSecond,
                                " times a second"));
  }
  const std::string host = NetworkOf(HostOf(credentials.address));
  if (const absl::Duration left = failures_.Left(host, now); left > absl::ZeroDuration()) {
    return TooMany(absl::StrCat("too many failed logins from ", host, "; wait ",
                                absl::FormatDuration(absl::Ceil(left, absl::Seconds(1)))));
  }
  failures_.NoteFailure(host, now);
  LogWarning("login refused",
             {{"address", credentials.address}, {"why", std::string(caller.status().message())}});
  return caller;
}

absl::StatusOr<Caller> Gatekeeper::IdentifyLocked(const Credentials& credentials) {
  if (!credentials.bearer.empty()) return FindTokenLocked(credentials.bearer);
  if (!credentials.token_id.empty()) {
    const auto found = tokens_.find(credentials.token_id);
    if (found != tokens_.end()) return CallerLocked(found->second);
  }
  if (!credentials.certificate.empty()) {
    return Caller{.name = std::string(credentials.certificate), .role = Role::kWorker};
  }
  return Unauthenticated(
      "this controller asks who calls, and the call has no token: name the file of yours in "
      "FP4_TOKEN_FILE");
}

absl::StatusOr<Caller> Gatekeeper::FindTokenLocked(std::string_view text) {
  const std::optional<TokenText> parsed = ParseToken(text);
  if (!parsed) return Unauthenticated("what was sent as a token is none");
  const auto found = tokens_.find(parsed->id);
  const bool known = found != tokens_.end();
  const bool same =
      SameInConstantTime(HashSecret(parsed->secret), known ? found->second.sha256 : kNoHash);
  if (!known || !same) return Unauthenticated("the token is not known here");
  return CallerLocked(found->second);
}

absl::StatusOr<Caller> Gatekeeper::CallerLocked(const TokenRecord& token) {
  const absl::Time now = clock_.Now();
  if (token.revoke_time) {
    return Unauthenticated(absl::StrCat("the token '", token.name, "' has been revoked"));
  }
  if (token.expire_time && *token.expire_time <= now) {
    return Unauthenticated(absl::StrCat("the token '", token.name, "' has expired"));
  }
  uses_[token.id] = now;
  return Caller{.name = token.name,
                .role = token.role,
                .projects = token.projects,
                .expire_time = token.expire_time,
                .token_id = token.id};
}

std::vector<std::pair<std::string, absl::Time>> Gatekeeper::TakeUses() {
  MutexLock lock(mutex_);
  const std::map<std::string, absl::Time> uses = std::exchange(uses_, {});
  return {uses.begin(), uses.end()};
}

std::string HostOf(std::string_view address) {
  for (std::string_view scheme : {"ipv4:", "ipv6:"}) {
    if (address.starts_with(scheme)) address.remove_prefix(scheme.size());
  }
  // gRPC writes the brackets of an IPv6 address in percent signs.
  const std::string text = absl::StrReplaceAll(std::string(address), {{"%5B", "["}, {"%5D", "]"}});
  if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
  const size_t colon = text.find(':');
  return colon == text.rfind(':') ? text.substr(0, colon) : text;
}

}  // namespace fp4::access
