#include "client/export/mlflow_server.h"

#include <algorithm>
#include <span>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "client/export/mlflow_facts.h"
#include "client/http/percent_encoding.h"
#include "client/render/runs.h"
#include "wire/json/values.h"

namespace fp4::client {
namespace {

using wire::Json;

constexpr char kApi[] = "/api/2.0/mlflow/";
constexpr char kArtifactsApi[] = "/api/2.0/mlflow-artifacts/artifacts/";
constexpr char kArtifactScheme[] = "mlflow-artifacts:";
// Of one runs/log-batch.
constexpr size_t kMostMetrics = 1000, kMostTexts = 100;

HttpRequest Post(const char* method, const Json& body) {
  return {.method = "POST", .path = absl::StrCat(kApi, method), .body = wire::Dump(body)};
}

Json TextJson(const MlflowText& one) { return {{"key", one.key}, {"value", one.value}}; }

Json ParameterJson(const MlflowText& one) {
  return {{"key", MlflowKey(one.key)}, {"value", one.value}};
}

// MLflow's errors are {"error_code": …, "message": …}.
struct Refusal {
  std::string code, message;
};
Refusal RefusalOf(const HttpResponse& response) {
  const Json json = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return {.code = "", .message = response.body.substr(0, 200)};
  return {.code = json.value("error_code", ""), .message = json.value("message", "")};
}

absl::Status Refused(const HttpRequest& request, const HttpResponse& response) {
  const Refusal refusal = RefusalOf(response);
  const std::string text = absl::StrCat(request.method, " ", request.path, ": ", response.status,
                                        " ", refusal.code, " ", refusal.message);
  if (response.status == 404) return absl::NotFoundError(text);
  if (response.status == 401 || response.status == 403) return absl::PermissionDeniedError(text);
  return absl::FailedPreconditionError(text);
}

// The text at /a/b of an answer; an error where there is none.
absl::StatusOr<std::string> TextAt(const std::string& answer, const std::string& pointer) {
  const Json json = Json::parse(answer, nullptr, /*allow_exceptions=*/false);
  const Json::json_pointer place(pointer);
  if (!json.is_discarded() && json.contains(place) && json.at(place).is_string()) {
    return json.at(place).get<std::string>();
  }
  return absl::InternalError(absl::StrCat(
      "an answer without ", pointer, ", as no MLflow server gives it: ", answer.substr(0, 200)));
}

// Calls `send` with up to `most` of the items at a time.
template <typename Item, typename Sender>
absl::Status InBatches(std::span<const Item> items, size_t most, const Sender& send) {
  for (size_t begin = 0; begin < items.size(); begin += most) {
    FP4_RETURN_IF_ERROR(send(items.subspan(begin, std::min(most, items.size() - begin))));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> MlflowServer::Ask(const HttpRequest& request) {
  FP4_ASSIGN_OR_RETURN(HttpResponse response, call_(request));
  if (response.status >= 200 && response.status < 300) return std::move(response.body);
  return Refused(request, response);
}

absl::StatusOr<std::string> MlflowServer::StoreExperiment(const v1::Experiment& experiment) {
  const std::string name = MlflowExperimentName(experiment);
  const absl::StatusOr<std::string> found =
      Ask({.method = "GET",
           .path = absl::StrCat(kApi,
                                "experiments/get-by-name?experiment_name=", PercentEncoded(name))});
  if (absl::IsNotFound(found.status())) {
    const Json body = {{"name", name},
                       {"tags", wire::Array(MlflowExperimentTags(experiment), TextJson)}};
    FP4_ASSIGN_OR_RETURN(const std::string made, Ask(Post("experiments/create", body)));
    return TextAt(made, "/experiment_id");
  }
  FP4_RETURN_IF_ERROR(found.status());
  const absl::StatusOr<std::string> stage = TextAt(*found, "/experiment/lifecycle_stage");
  if (stage.ok() && *stage == "deleted") {
    return absl::FailedPreconditionError(absl::StrCat(
        "the experiment '", name, "' was deleted there; restore it, or purge it (`mlflow gc`)"));
  }
  return TextAt(*found, "/experiment/experiment_id");
}

absl::StatusOr<MlflowServer::StoredRun> MlflowServer::FindRun(const std::string& experiment_id,
                                                              const v1::Run& run) {
  const Json body = {{"experiment_ids", {experiment_id}},
                     {"filter", absl::StrCat("tags.`fp4.run` = '", run.id(), "'")},
                     {"max_results", 1}};
  FP4_ASSIGN_OR_RETURN(const std::string found, Ask(Post("runs/search", body)));
  StoredRun stored;
  if (!Json::parse(found, nullptr, false).contains("runs")) return stored;
  FP4_ASSIGN_OR_RETURN(stored.id, TextAt(found, "/runs/0/info/run_id"));
  FP4_ASSIGN_OR_RETURN(stored.artifact_uri, TextAt(found, "/runs/0/info/artifact_uri"));
  return stored;
}

absl::StatusOr<MlflowServer::StoredRun> MlflowServer::MakeRun(const std::string& experiment_id,
                                                              const RunRecord& record) {
  const Json body = {{"experiment_id", experiment_id},
                     {"run_name", MlflowRunName(record.run)},
                     {"start_time", absl::ToUnixMillis(record.StartTime())},
                     {"tags", wire::Array(MlflowRunTags(record.run), TextJson)}};
  FP4_ASSIGN_OR_RETURN(const std::string made, Ask(Post("runs/create", body)));
  StoredRun stored;
  FP4_ASSIGN_OR_RETURN(stored.id, TextAt(made, "/run/info/run_id"));
  FP4_ASSIGN_OR_RETURN(stored.artifact_uri, TextAt(made, "/run/info/artifact_uri"));
  return stored;
}

absl::Status MlflowServer::LogParameters(const std::string& run_id, const v1::Run& run) {
  const std::vector<MlflowText> parameters = MlflowParameters(run);
  return InBatches(std::span(parameters), kMostTexts, [&](std::span<const MlflowText> some) {
    return Ask(Post("runs/log-batch",
                    {{"run_id", run_id}, {"params", wire::Array(some, ParameterJson)}}))
        .status();
  });
}

absl::Status MlflowServer::LogMetrics(const std::string& run_id, const RunRecord& record) {
  for (const v1::Series& series : record.series) {
    const std::string key = MlflowKey(series.name());
    const std::vector<v1::Point> points(series.points().begin(), series.points().end());
    FP4_RETURN_IF_ERROR(
        InBatches(std::span(points), kMostMetrics, [&](std::span<const v1::Point> some) {
          const Json metrics = wire::Array(some, [&](const v1::Point& point) {
            return Json{{"key", key},
                        {"value", wire::Number(point.value())},
                        {"timestamp", absl::ToUnixMillis(record.TimeOf(point))},
                        {"step", point.step()}};
          });
          return Ask(Post("runs/log-batch", {{"run_id", run_id}, {"metrics", metrics}})).status();
        }));
  }
  return absl::OkStatus();
}

absl::Status MlflowServer::LogTags(const std::string& run_id, const v1::Run& run) {
  return Ask(Post("runs/log-batch",
                  {{"run_id", run_id}, {"tags", wire::Array(MlflowRunTags(run), TextJson)}}))
      .status();
}

absl::Status MlflowServer::UpdateState(const std::string& run_id, const v1::Run& run) {
  Json body = {{"run_id", run_id}, {"status", MlflowStatusName(MlflowStatusOf(run.state()))}};
  if (run.has_finish_time()) body["end_time"] = absl::ToUnixMillis(ToTime(run.finish_time()));
  return Ask(Post("runs/update", body)).status();
}

absl::Status MlflowServer::PutArtifact(const StoredRun& run, const std::string& name,
                                       const std::string& text) {
  std::string_view folder = run.artifact_uri;
  const bool through_server = folder.starts_with(kArtifactScheme);
  if (!through_server || text.empty()) return absl::OkStatus();
  folder.remove_prefix(sizeof(kArtifactScheme) - 1);
  while (folder.starts_with('/')) folder.remove_prefix(1);
  return Ask({.method = "PUT",
              .path = absl::StrCat(kArtifactsApi, PercentEncoded(folder, "/"), "/", name),
              .body = text,
              .content_type = "application/octet-stream"})
      .status();
}

absl::StatusOr<std::string> MlflowServer::StoreRun(const std::string& experiment_id,
                                                   const RunRecord& record) {
  FP4_ASSIGN_OR_RETURN(StoredRun stored, FindRun(experiment_id, record.run));
  if (stored.id.empty()) {
    FP4_ASSIGN_OR_RETURN(stored, MakeRun(experiment_id, record));
  } else {
    FP4_RETURN_IF_ERROR(LogTags(stored.id, record.run));
  }
  FP4_RETURN_IF_ERROR(LogParameters(stored.id, record.run));
  FP4_RETURN_IF_ERROR(LogMetrics(stored.id, record));
  FP4_RETURN_IF_ERROR(PutArtifact(stored, "document.json", record.run.resolved_document()));
  FP4_RETURN_IF_ERROR(PutArtifact(stored, "started.json", record.run.started_json()));
  FP4_RETURN_IF_ERROR(UpdateState(stored.id, record.run));
  return std::move(stored.id);
}

}  // namespace fp4::client
