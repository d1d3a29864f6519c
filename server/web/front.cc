#include "server/web/front.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/web/allowed_host.h"
#include "server/web/answer.h"

namespace fp4::web {
namespace {

// Everything comes from here: nothing is fetched from elsewhere, no script stands in a page, nobody
// frames it or embeds what it answers.
const telemetry::HttpFields& SecurityHeaders() {
  static const auto* headers = new telemetry::HttpFields{
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
       "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cross-Origin-Opener-Policy", "same-origin"}};
  return *headers;
}

}  // namespace

Front::Front(store::Store& store, std::vector<std::string> host_names)
    : host_names_(std::move(host_names)), api_(store) {}

void Front::Handle(const telemetry::HttpRequest& request,
                   std::shared_ptr<telemetry::HttpExchange> exchange) {
  exchange->AddHeaders(SecurityHeaders());
  const std::string_view host = request.Header("host");
  if (!IsAllowedHost(host, host_names_)) {
    return exchange->Answer(ErrorAnswer(absl::PermissionDeniedError(absl::StrCat(
        "this machine does not go by the name of the Host header, '", std::string(host),
        "'; allowed: its address in numbers, localhost, or what --http-name says"))));
  }
  if (request.path.starts_with("/api/")) return api_.Handle(request, std::move(exchange));
  exchange->Answer(site_.Find(request));
}

}  // namespace fp4::web
