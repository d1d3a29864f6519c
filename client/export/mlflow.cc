#include "client/export/mlflow.h"

#include "absl/strings/str_cat.h"
#include "client/export/mlflow_facts.h"
#include "client/http/percent_encoding.h"
#include "client/render/runs.h"
#include "spec/events.h"
#include "wire/json/values.h"

namespace fp4::client {
namespace {

constexpr int kSourceLocal = 4;  // mlflow.entities.SourceType

// A quoted scalar: JSON's texts are YAML's too.
std::string Quoted(const std::string& text) { return wire::Dump(text); }

std::string FileUri(const std::filesystem::path& path) {
  return absl::StrCat("file://", PercentEncoded(path.string(), "/"));
}

std::string MetaYaml(const RunRecord& record, const std::filesystem::path& artifacts) {
  const v1::Run& run = record.run;
  const std::string end =
      run.has_finish_time() ? absl::StrCat(absl::ToUnixMillis(ToTime(run.finish_time()))) : "null";
  return absl::StrCat(
      "artifact_uri: ", Quoted(FileUri(artifacts)), "\ndeleted_time: null", "\nend_time: ", end,
      "\nentry_point_name: ''", "\nexperiment_id: ", Quoted(run.experiment_id()),
      "\nlifecycle_stage: active", "\nrun_id: ", Quoted(run.id()),
      "\nrun_name: ", Quoted(MlflowRunName(run)), "\nrun_uuid: ", Quoted(run.id()),
      "\nsource_name: ''\nsource_type: ", kSourceLocal,
      "\nsource_version: ''\nstart_time: ", absl::ToUnixMillis(record.StartTime()),
      "\nstatus: ", static_cast<int>(MlflowStatusOf(run.state())), "\ntags: []\nuser_id: fp4lab\n");
}

std::string MetricLines(const RunRecord& record, const v1::Series& series) {
  std::string lines;
  for (const v1::Point& point : series.points()) {
    std::string value = spec::FormatNumber(point.value());
    std::erase(value, '"');
    absl::StrAppend(&lines, absl::ToUnixMillis(record.TimeOf(point)), " ", value, " ", point.step(),
                    "\n");
  }
  return lines;
}

}  // namespace

std::string MlflowRunFolder(const v1::Run& run) {
  return absl::StrCat(run.experiment_id(), "/", run.id());
}

std::vector<ExportFile> MlflowRunFiles(const RunRecord& record,
                                       const std::filesystem::path& folder) {
  const std::string place = MlflowRunFolder(record.run) + "/";
  std::vector<ExportFile> files = {
      {place + "artifacts/document.json", record.run.resolved_document()},
      {place + "artifacts/started.json", record.run.started_json()},
      // MLflow takes a folder without these two for no run.
      {place + "metrics/", ""},
      {place + "params/", ""}};
  for (const v1::Series& series : record.series) {
    files.push_back(
        {absl::StrCat(place, "metrics/", MlflowKey(series.name())), MetricLines(record, series)});
  }
  for (MlflowText& parameter : MlflowParameters(record.run)) {
    files.push_back(
        {absl::StrCat(place, "params/", MlflowKey(parameter.key)), std::move(parameter.value)});
  }
  for (MlflowText& tag : MlflowRunTags(record.run)) {
    files.push_back({absl::StrCat(place, "tags/", tag.key), std::move(tag.value)});
  }
  // Last: a run is there for MLflow once this file is.
  files.push_back({place + "meta.yaml", MetaYaml(record, folder / (place + "artifacts"))});
  return files;
}

std::vector<ExportFile> MlflowExperimentFiles(const v1::Experiment& experiment,
                                              const std::filesystem::path& folder) {
  const std::string place = experiment.id() + "/";
  const int64_t created = absl::ToUnixMillis(ToTime(experiment.create_time()));
  std::vector<ExportFile> files = {
      {place + "meta.yaml",
       absl::StrCat("artifact_location: ", Quoted(FileUri(folder / experiment.id())),
                    "\ncreation_time: ", created, "\nexperiment_id: ", Quoted(experiment.id()),
                    "\nlast_update_time: ", created, "\nlifecycle_stage: active\nname: ",
                    Quoted(MlflowExperimentName(experiment)), "\n")}};
  for (MlflowText& tag : MlflowExperimentTags(experiment)) {
    files.push_back({absl::StrCat(place, "tags/", tag.key), std::move(tag.value)});
  }
  return files;
}

}  // namespace fp4::client
