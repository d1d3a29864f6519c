// Whom the HTTP server lets in: by a token in the Authorization header, or by the cookie of a
// session that a token began.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "server/access/gatekeeper.h"
#include "server/rpc/audit_trail.h"
#include "telemetry/http_exchange.h"
#include "telemetry/http_message.h"

namespace fp4::web {

// Answers what is refused, and these two, which have no body:
//   POST /api/v1/login    with "Authorization: Bearer TOKEN": begins a session of twelve hours, by
//   a
//                         cookie that no script can read and no other site can have sent
//   POST /api/v1/logout   ends it
// Both take a header "X-Fp4: 1", which a page of another site cannot set without being asked for
// leave, and are refused to other sites by Origin and Sec-Fetch-Site too. A session ends with its
// token, and with the controller. Thread-safe.
class Entrance {
 public:
  // `host_names`: as of Front. `secure`: the server speaks TLS. What is referred to outlives it.
  Entrance(access::Gatekeeper& gatekeeper, rpc::AuditTrail& audit, const Clock& clock,
           std::vector<std::string> host_names, bool secure);

  // Whether the request may go on. False: it has been answered.
  bool Admit(const telemetry::HttpRequest& request, telemetry::HttpExchange& exchange);

 private:
  struct Session {
    std::string token_id;
    absl::Duration until;  // Clock::SinceBoot
  };

  absl::StatusOr<access::Caller> Identify(const telemetry::HttpRequest& request);
  absl::Status CheckSameSite(const telemetry::HttpRequest& request) const;
  telemetry::HttpResponse Login(const telemetry::HttpRequest& request);
  telemetry::HttpResponse Logout(const telemetry::HttpRequest& request);
  std::string Begin(const std::string& token_id);
  std::string CookieOf(const std::string& session, absl::Duration lifetime) const;
  std::string_view SessionIn(const telemetry::HttpRequest& request) const;

  access::Gatekeeper& gatekeeper_;
  rpc::AuditTrail& audit_;
  const Clock& clock_;
  const std::vector<std::string> host_names_;
  const bool secure_;
  Mutex mutex_;
  // By the hash of what the cookie holds: whoever reads the memory cannot go on as somebody else.
  std::map<std::string, Session> sessions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fp4::web
