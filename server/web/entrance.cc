#include "server/web/entrance.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/sha256.h"
#include "server/access/rules.h"
#include "server/access/token.h"
#include "server/web/allowed_host.h"
#include "server/web/answer.h"

namespace fp4::web {
namespace {

constexpr absl::Duration kLifetime = absl::Hours(12);
constexpr size_t kMaxSessions = 1000;
constexpr size_t kSessionBytes = 32;
constexpr std::string_view kLogin = "/api/v1/login", kLogout = "/api/v1/logout";

std::string_view BearerIn(const telemetry::HttpRequest& request) {
  constexpr std::string_view kScheme = "Bearer ";
  std::string_view value = request.Header("authorization");
  if (!value.starts_with(kScheme)) return {};
  return value.substr(kScheme.size());
}

// "https://lab:4405" is of the host "lab:4405".
std::string_view HostOfOrigin(std::string_view origin) {
  const size_t slashes = origin.find("://");
  return slashes == std::string_view::npos ? std::string_view() : origin.substr(slashes + 3);
}

telemetry::HttpResponse Done(const std::string& cookie) {
  telemetry::HttpResponse answer = JsonAnswer("{}");
  answer.headers.emplace_back("Set-Cookie", cookie);
  return answer;
}

}  // namespace

Entrance::Entrance(access::Gatekeeper& gatekeeper, rpc::AuditTrail& audit, const Clock& clock,
                   std::vector<std::string> host_names, bool secure)
    : gatekeeper_(gatekeeper),
      audit_(audit),
      clock_(clock),
      host_names_(std::move(host_names)),
      secure_(secure) {}

bool Entrance::Admit(const telemetry::HttpRequest& request, telemetry::HttpExchange& exchange) {
  if (request.method == "POST" && request.path == kLogin) {
    exchange.Answer(Login(request));
    return false;
  }
  if (request.method == "POST" && request.path == kLogout) {
    exchange.Answer(Logout(request));
    return false;
  }
  const access::Rule* rule = access::FindHttpRule(request.method, request.path);
  // Whatever else is posted is refused by those who would take it.
  if (rule == nullptr || !rule->least) return true;
  absl::StatusOr<access::Caller> caller = Identify(request);
  absl::Status status = caller.status();
  if (caller.ok()) status = access::CheckRole(*rule, *caller);
  if (status.ok()) return true;
  const access::Caller known = caller.ok() ? *caller : access::Caller{.address = request.address};
  audit_.NoteRequest(absl::StrCat(request.method, " ", request.path), false, known, status);
  exchange.Answer(ErrorAnswer(status));
  return false;
}

absl::StatusOr<access::Caller> Entrance::Identify(const telemetry::HttpRequest& request) {
  std::string token_id;
  if (const std::string_view session = SessionIn(request); !session.empty()) {
    MutexLock lock(mutex_);
    const auto found = sessions_.find(Sha256Hex(session));
    if (found != sessions_.end() && found->second.until > clock_.SinceBoot()) {
      token_id = found->second.token_id;
    }
  }
  return gatekeeper_.Identify({.bearer = BearerIn(request),
                               .certificate = {},
                               .token_id = token_id,
                               .address = request.address});
}

absl::Status Entrance::CheckSameSite(const telemetry::HttpRequest& request) const {
  const std::string_view host = request.Header("host");
  const std::string_view origin = request.Header("origin");
  const std::string_view site = request.Header("sec-fetch-site");
  const bool other_origin = !origin.empty() && HostOfOrigin(origin) != host;
  const bool other_site = !site.empty() && site != "same-origin" && site != "none";
  if (request.Header("x-fp4") != "1" || other_origin || other_site ||
      !IsAllowedHost(host, host_names_)) {
    return access::Denied(
        "this is asked for by another site's page, or without the header \"X-Fp4: 1\"");
  }
  return absl::OkStatus();
}

telemetry::HttpResponse Entrance::Login(const telemetry::HttpRequest& request) {
  if (absl::Status site = CheckSameSite(request); !site.ok()) return ErrorAnswer(site);
  if (!gatekeeper_.required()) {
    return ErrorAnswer(absl::FailedPreconditionError("nobody is asked who he is here"));
  }
  const absl::StatusOr<access::Caller> caller = gatekeeper_.Identify(
      {.bearer = BearerIn(request), .certificate = {}, .token_id = {}, .address = request.address});
  audit_.NoteRequest("POST /api/v1/login", true,
                     caller.ok() ? *caller : access::Caller{.address = request.address},
                     caller.status());
  if (!caller.ok()) return ErrorAnswer(caller.status());
  return Done(CookieOf(Begin(caller->token_id), kLifetime));
}

telemetry::HttpResponse Entrance::Logout(const telemetry::HttpRequest& request) {
  if (absl::Status site = CheckSameSite(request); !site.ok()) return ErrorAnswer(site);
  MutexLock lock(mutex_);
  sessions_.erase(Sha256Hex(SessionIn(request)));
  return Done(CookieOf("", absl::ZeroDuration()));
}

std::string Entrance::Begin(const std::string& token_id) {
  std::string session = access::RandomHex(kSessionBytes);
  const absl::Duration now = clock_.SinceBoot();
  MutexLock lock(mutex_);
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second.until <= now; });
  if (sessions_.size() >= kMaxSessions) {
    sessions_.erase(std::ranges::min_element(sessions_, {},
                                             [](const auto& entry) { return entry.second.until; }));
  }
  sessions_[Sha256Hex(session)] = {token_id, now + kLifetime};
  return session;
}

std::string Entrance::CookieOf(const std::string& session, absl::Duration lifetime) const {
  return absl::StrCat("fp4_session=", session, "; Path=/; HttpOnly; SameSite=Strict; Max-Age=",
                      absl::ToInt64Seconds(lifetime), secure_ ? "; Secure" : "");
}

std::string_view Entrance::SessionIn(const telemetry::HttpRequest& request) const {
  constexpr std::string_view kName = "fp4_session=";
  std::string_view cookies = request.Header("cookie");
  while (!cookies.empty()) {
    const size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view one = cookies.substr(0, end);
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(kName)) return one.substr(kName.size());
  }
  return {};
}

}  // namespace fp4::web
