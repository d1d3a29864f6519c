// One request of the HTTP API on its way through the controller.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/store/store.h"
#include "server/web/answer.h"
#include "server/web/in_flight.h"
#include "server/web/parameters.h"
#include "telemetry/http_exchange.h"
#include "telemetry/http_message.h"

namespace fp4::web {

struct Call {
  telemetry::HttpRequest request;
  std::shared_ptr<telemetry::HttpExchange> exchange;
  InFlight::Token token;  // the store and what else handlers use outlives it
  std::string id;         // the part of the path that names an object; empty where it has none
};

// Shared by the steps of answering one request.
using CallPtr = std::shared_ptr<const Call>;

using AnswerOr = absl::StatusOr<telemetry::HttpResponse>;

// Answers with what `make` finds on a reader's thread.
void AnswerByRead(store::Store& store, const CallPtr& call,
                  std::function<AnswerOr(store::Reader&)> make);

void Answer(const Call& call, const AnswerOr& answer);

}  // namespace fp4::web
