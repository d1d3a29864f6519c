#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/rpc/convert_event.h"
#include "server/rpc/explain_waiting.h"
#include "server/rpc/invalid_field.h"
#include "server/rpc/queries.h"
#include "server/web/context.h"
#include "server/web/handlers.h"
#include "wire/json/messages.h"
#include "wire/names.h"
#include "wire/tables.h"

namespace fp4::web {
namespace {

constexpr int64_t kMaxLimit = 1'000'000;
constexpr int kDefaultEvents = 200, kMaxEvents = 10'000;

absl::StatusOr<v1::ListRunsRequest> ReadListRequest(Parameters& parameters) {
  v1::ListRunsRequest request;
  FP4_ASSIGN_OR_RETURN(*request.mutable_experiment_id(), parameters.Text("experiment"));
  for (const std::string& name : parameters.All("state")) {
    const auto state = wire::StateOfName(name);
    if (!state)
      return rpc::InvalidField("state", absl::StrCat("'", name, "' is no state of a run"));
    request.add_states(*state);
  }
  return request;
}

absl::StatusOr<std::vector<v1::Run>> ReadRuns(store::Reader& reader, const Call& call) {
  Parameters parameters(call.request.query);
  FP4_ASSIGN_OR_RETURN(v1::ListRunsRequest request, ReadListRequest(parameters));
  FP4_ASSIGN_OR_RETURN(const int64_t limit, parameters.Integer("limit", kMaxLimit, 1, kMaxLimit));
  FP4_RETURN_IF_ERROR(parameters.Finish());
  std::vector<v1::Run> runs;
  do {
    const int64_t left = limit - static_cast<int64_t>(runs.size());
    request.set_page_size(static_cast<int32_t>(std::min<int64_t>(left, store::kMaxPageSize)));
    FP4_ASSIGN_OR_RETURN(v1::ListRunsResponse page, rpc::ListRuns(reader, request));
    std::move(page.mutable_runs()->begin(), page.mutable_runs()->end(), std::back_inserter(runs));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && static_cast<int64_t>(runs.size()) < limit);
  return runs;
}

// All series of a run, the wire's page after the other.
absl::StatusOr<std::vector<v1::Series>> ReadAllSeries(store::Reader& reader,
                                                      const std::string& run_id) {
  v1::QueryMetricsRequest request;
  request.set_run_id(run_id);
  FP4_ASSIGN_OR_RETURN(const v1::QueryMetricsResponse names, rpc::QueryMetrics(reader, request));
  std::vector<v1::Series> all;
  for (const v1::Series& series : names.series()) request.add_names(series.name());
  if (request.names().empty()) return all;
  do {
    FP4_ASSIGN_OR_RETURN(v1::QueryMetricsResponse page, rpc::QueryMetrics(reader, request));
    for (v1::Series& series : *page.mutable_series()) {
      if (!all.empty() && all.back().name() == series.name()) {
        all.back().mutable_points()->MergeFrom(series.points());
      } else {
        all.push_back(std::move(series));
      }
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

}  // namespace

void ListRuns(Context& context, const CallPtr& call) {
  context.store.Read([&context, call](store::Reader& reader) {
    absl::StatusOr<std::vector<v1::Run>> found = ReadRuns(reader, *call);
    if (!found.ok()) return Answer(*call, found.status());
    auto runs = std::make_shared<std::vector<v1::Run>>(*std::move(found));
    std::vector<v1::Run*> pointers;
    for (v1::Run& run : *runs) pointers.push_back(&run);
    rpc::ExplainWaiting(context.store, std::move(pointers), [=, &context] {
      AnswerByRead(context.store, call, [runs](store::Reader&) -> AnswerOr {
        return JsonAnswer(wire::RunsJson(*runs));
      });
    });
  });
}

void GetRun(Context& context, const CallPtr& call) {
  context.store.Read([&context, call](store::Reader& reader) {
    const absl::Status unknown = Parameters(call->request.query).Finish();
    if (!unknown.ok()) return Answer(*call, unknown);
    absl::StatusOr<v1::Run> found = rpc::GetRun(reader, call->id);
    if (!found.ok()) return Answer(*call, found.status());
    auto run = std::make_shared<v1::Run>(*std::move(found));
    rpc::ExplainWaiting(context.store, {run.get()}, [=, &context] {
      AnswerByRead(context.store, call,
                   [run](store::Reader&) -> AnswerOr { return JsonAnswer(wire::RunJson(*run)); });
    });
  });
}

void ListRunEvents(Context& context, const CallPtr& call) {
  AnswerByRead(context.store, call, [call](store::Reader& reader) -> AnswerOr {
    Parameters parameters(call->request.query);
    FP4_ASSIGN_OR_RETURN(const int64_t limit,
                         parameters.Integer("limit", kDefaultEvents, 1, kMaxEvents));
    FP4_RETURN_IF_ERROR(parameters.Finish());
    FP4_ASSIGN_OR_RETURN(const std::vector<store::StoredEvent> events,
                         reader.NotableEvents(call->id, static_cast<int>(limit)));
    std::string text = "[";
    v1::Event message;
    for (const store::StoredEvent& event : events) {
      rpc::ToProto(event, message);
      const std::string json = wire::EventJson(message);
      if (!json.empty()) absl::StrAppend(&text, text.size() == 1 ? "" : ",", json);
    }
    return JsonAnswer(text + "]");
  });
}

void GetRunCsv(Context& context, const CallPtr& call) {
  AnswerByRead(context.store, call, [call](store::Reader& reader) -> AnswerOr {
    FP4_RETURN_IF_ERROR(Parameters(call->request.query).Finish());
    FP4_ASSIGN_OR_RETURN(const std::vector<v1::Series> series, ReadAllSeries(reader, call->id));
    return FileAnswer("text/csv; charset=utf-8", call->id + ".csv", wire::MetricsCsv(series));
  });
}

}  // namespace fp4::web
