// Any bytes come over a connection of the HTTP server, and any text where names, tokens, cookies
// and addresses are read: no crash, no hang, and what is read holds together. The bytes are given
// in two parts too, as a slow caller sends them: the answer is the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/access/gatekeeper.h"
#include "server/access/rules.h"
#include "server/access/secrets.h"
#include "server/access/token.h"
#include "telemetry/http_message.h"
#include "tls/worker_uri.h"

namespace {

using namespace fp4;

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckRequest(std::string_view bytes) {
  using Kind = telemetry::HttpRequest::Kind;
  const telemetry::HttpRequest request = telemetry::ReadRequest(bytes);
  if (request.kind == Kind::kIncomplete) {
    Require(bytes.size() <= telemetry::kMaxHeadBytes);
    Require(bytes.find("\r\n\r\n") == std::string_view::npos);
    return;
  }
  // What comes after the head changes nothing.
  const telemetry::HttpRequest again = telemetry::ReadRequest(std::string(bytes) + "more");
  Require(again.kind == request.kind && again.path == request.path);
  if (request.kind == Kind::kBad) return;
  Require(request.path.starts_with('/') && request.path.find('\0') == std::string::npos);
  for (const auto& [name, value] : request.headers) {
    Require(name.find("\r\n") == std::string::npos && value.find("\r\n") == std::string::npos);
  }
  const access::Rule* rule = access::FindHttpRule(request.method, request.path);
  // Nothing below /api/ is shown without an identity but the two that begin and end one.
  if (request.path.starts_with("/api/") && rule != nullptr && !rule->least) {
    Require(request.method == "POST");
  }
}

void CheckTexts(std::string_view text) {
  if (const auto token = access::ParseToken(text)) {
    Require(token->ToString() == text);
    Require(access::FindSecret(text).has_value());
  }
  if (const auto secret = access::FindSecret(text)) {
    Require(secret->offset < text.size() && secret->line >= 1 && secret->column >= 1);
  }
  if (const std::string name = tls::WorkerNameOfUri(text); !name.empty()) {
    Require(tls::IsIdentityName(name) && tls::WorkerUri(name) == text);
  }
  Require(access::HostOf(text).size() <= text.size());
  const auto decoded = telemetry::PercentDecoded(text, true);
  Require(!decoded || decoded->size() <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckRequest(text);
  CheckTexts(text);
  return 0;
}
