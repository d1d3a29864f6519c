#include "server/web/answer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "wire/json/values.h"

namespace fp4::web {
namespace {

constexpr std::pair<absl::StatusCode, int> kStatuses[] = {
    {absl::StatusCode::kInvalidArgument, 400},  {absl::StatusCode::kOutOfRange, 400},
    {absl::StatusCode::kUnauthenticated, 401},  {absl::StatusCode::kPermissionDenied, 403},
    {absl::StatusCode::kNotFound, 404},         {absl::StatusCode::kFailedPrecondition, 409},
    {absl::StatusCode::kAlreadyExists, 409},    {absl::StatusCode::kUnavailable, 503},
    {absl::StatusCode::kResourceExhausted, 503}};

int HttpStatusOf(absl::StatusCode code) {
  for (const auto& [known, status] : kStatuses) {
    if (known == code) return status;
  }
  return 500;
}

}  // namespace

telemetry::HttpResponse JsonAnswer(std::string json) {
  json += '\n';
  return {.content_type = "application/json",
          .body = std::move(json),
          .headers = {{"Cache-Control", "no-store"}}};
}

telemetry::HttpResponse FileAnswer(const std::string& content_type, const std::string& name,
                                   std::string text) {
  std::string safe;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    safe += plain || c == '.' || c == '_' ? c : '-';
  }
  return {
      .content_type = content_type,
      .body = std::move(text),
      .headers = {{"Cache-Control", "no-store"},
                  {"Content-Disposition", absl::StrCat("attachment; filename=\"", safe, "\"")}}};
}

telemetry::HttpResponse ErrorAnswer(const absl::Status& status) {
  const std::string code = absl::StatusCodeToString(status.code());
  const wire::Json error = {{"code", code},
                            {"reason", ReasonOf(status).value_or(code)},
                            {"message", std::string(status.message())}};
  telemetry::HttpResponse answer = JsonAnswer(wire::Dump({{"error", error}}));
  answer.status = HttpStatusOf(status.code());
  return answer;
}

}  // namespace fp4::web
