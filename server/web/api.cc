#include "server/web/api.h"

#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "server/web/context.h"
#include "server/web/handlers.h"
#include "server/web/in_flight.h"

namespace fp4::web {
namespace {

// More are refused until some have been answered: each holds what it has read.
constexpr int kMaxCalls = 256;

struct Route {
  std::string_view front, back;  // of the path; an id stands between them, unless back is "none"
  Handler handler;
};
constexpr std::string_view kNoId = "none";
constexpr Route kRoutes[] = {
    {"/api/v1/experiments", kNoId, ListExperiments},
    {"/api/v1/experiments/", "", GetExperiment},
    {"/api/v1/experiments/", "/document", GetDocument},
    {"/api/v1/experiments/", "/variants", ListVariants},
    {"/api/v1/experiments/", "/compare", CompareVariants},
    {"/api/v1/runs", kNoId, ListRuns},
    {"/api/v1/runs/", "", GetRun},
    {"/api/v1/runs/", "/events", ListRunEvents},
    {"/api/v1/runs/", "/metrics.csv", GetRunCsv},
    {"/api/v1/metrics", kNoId, QueryMetrics},
    {"/api/v1/queue", kNoId, ListQueue},
    {"/api/v1/workers", kNoId, ListWorkers},
    {"/api/v1/watch", kNoId, WatchEvents},
    {"/api/v1/version", kNoId, GetVersion},
};

// The id in the path, empty for a route without one; nothing when the path is another.
std::optional<std::string> IdIn(std::string_view path, const Route& route) {
  if (route.back == kNoId) return path == route.front ? std::optional("") : std::nullopt;
  if (!path.starts_with(route.front)) return std::nullopt;
  path.remove_prefix(route.front.size());
  if (path.size() <= route.back.size() || !path.ends_with(route.back)) return std::nullopt;
  path.remove_suffix(route.back.size());
  if (path.find('/') != std::string_view::npos) return std::nullopt;
  return std::string(path);
}

}  // namespace

struct Api::Parts {
  explicit Parts(store::Store& store) : context(store) {}

  Context context;
  InFlight in_flight;  // last: waits first
};

Api::Api(store::Store& store) : parts_(std::make_unique<Parts>(store)) {}
Api::~Api() = default;

void Api::Handle(const telemetry::HttpRequest& request,
                 std::shared_ptr<telemetry::HttpExchange> exchange) {
  if (parts_->in_flight.count() >= kMaxCalls) {
    return exchange->Answer(ErrorAnswer(absl::UnavailableError("too many requests at once")));
  }
  for (const Route& route : kRoutes) {
    std::optional<std::string> id = IdIn(request.path, route);
    if (!id) continue;
    auto call = std::make_shared<Call>(
        Call{request, std::move(exchange), parts_->in_flight.Enter(), *std::move(id)});
    return route.handler(parts_->context, std::move(call));
  }
  exchange->Answer(ErrorAnswer(
      ErrorWithReason(absl::StatusCode::kNotFound, reason::kNotFound,
                      absl::StrCat("there is no ", request.path, " here; see docs/http-api.md"))));
}

}  // namespace fp4::web
