// Answers of the HTTP API.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "telemetry/http_message.h"

namespace fp4::web {

// 200 with a JSON value, which gets a newline at its end. Never cached: it is what is known now.
telemetry::HttpResponse JsonAnswer(std::string json);

// 200 with a file for the browser to save under this name.
telemetry::HttpResponse FileAnswer(const std::string& content_type, const std::string& name,
                                   std::string text);

// {"error": {"code": "NOT_FOUND", "reason": "NOT_FOUND", "message": …}} under the status of HTTP
// that the code means: code and reason are those of the RPCs.
telemetry::HttpResponse ErrorAnswer(const absl::Status& status);

}  // namespace fp4::web
