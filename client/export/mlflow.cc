#include "client/export/mlflow.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/render/runs.h"
#include "spec/events.h"
#include "spec/json.h"
#include "wire/json/values.h"
#include "wire/names.h"

namespace fp4::client {
namespace {

// mlflow.entities.RunStatus and SourceType.
enum MlflowStatus { kRunning = 1, kScheduled = 2, kFinished = 3, kFailed = 4, kKilled = 5 };
constexpr int kSourceLocal = 4;
// MLflow takes no longer value of a parameter; the artifact has it whole.
constexpr size_t kLongestParameter = 6000;

struct NamedText {
  std::string name, text;
};

MlflowStatus StatusOf(v1::RunState state) {
  if (state == v1::RUN_STATE_COMPLETED) return kFinished;
  if (state == v1::RUN_STATE_FAILED) return kFailed;
  if (state == v1::RUN_STATE_CANCELLED) return kKilled;
  return state == v1::RUN_STATE_QUEUED ? kScheduled : kRunning;
}

// A quoted scalar: JSON's texts are YAML's too.
std::string Quoted(const std::string& text) { return wire::Dump(text); }

std::string FileUri(const std::filesystem::path& path) {
  std::string uri = "file://";
  for (const char c : path.string()) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("/-._~", c)) {
      uri += c;
    } else {
      absl::StrAppendFormat(&uri, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return uri;
}

// The leaves of an object as "model.d_model"; lists are values.
void Flatten(const spec::Node& node, const std::string& path, std::vector<NamedText>& leaves) {
  if (node.kind == spec::Node::Kind::kObject && (!node.members.empty() || path.empty())) {
    for (const spec::Member& member : node.members) {
      Flatten(member.value, path.empty() ? member.key : absl::StrCat(path, ".", member.key),
              leaves);
    }
    return;
  }
  const bool is_text = node.kind == spec::Node::Kind::kString;
  leaves.push_back({path, is_text ? node.text : WriteCompactJson(node)});
}

std::vector<NamedText> Parameters(const std::string& document) {
  std::vector<NamedText> all, taken;
  if (const spec::ParsedJson parsed = spec::ParseJson(document); parsed.complete) {
    Flatten(parsed.root, "", all);
  }
  for (NamedText& one : all) {
    if (one.text.size() <= kLongestParameter) taken.push_back(std::move(one));
  }
  return taken;
}

std::string MetaYaml(const RunRecord& record, const std::filesystem::path& artifacts) {
  const v1::Run& run = record.run;
  const std::string end =
      run.has_finish_time() ? absl::StrCat(absl::ToUnixMillis(ToTime(run.finish_time()))) : "null";
  return absl::StrCat(
      "artifact_uri: ", Quoted(FileUri(artifacts)), "\ndeleted_time: null", "\nend_time: ", end,
      "\nentry_point_name: ''", "\nexperiment_id: ", Quoted(run.experiment_id()),
      "\nlifecycle_stage: active", "\nrun_id: ", Quoted(run.id()),
      "\nrun_name: ", Quoted(RunLabel(run.variant(), run.seed())), "\nrun_uuid: ", Quoted(run.id()),
      "\nsource_name: ''\nsource_type: ", kSourceLocal,
      "\nsource_version: ''\nstart_time: ", absl::ToUnixMillis(record.StartTime()),
      "\nstatus: ", static_cast<int>(StatusOf(run.state())), "\ntags: []\nuser_id: fp4lab\n");
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

std::string GitRevisionOf(const v1::Run& run) {
  const spec::ParsedJson started = spec::ParseJson(run.started_json());
  const spec::Node* revision = started.root.Find("git_revision");
  return revision == nullptr ? "" : revision->text;
}

std::vector<NamedText> Tags(const v1::Run& run) {
  return {{"mlflow.runName", RunLabel(run.variant(), run.seed())},
          {"mlflow.source.name", "fp4lab"},
          {"mlflow.source.git.commit", GitRevisionOf(run)},
          {"fp4.experiment", run.experiment_name()},
          {"fp4.variant", run.variant()},
          {"fp4.seed", absl::StrCat(run.seed())},
          {"fp4.state", wire::StateName(run.state())},
          {"fp4.reason", run.reason()},
          {"fp4.message", run.message()},
          {"fp4.attempt", absl::StrCat(run.attempt())},
          {"fp4.worker", run.worker()}};
}

}  // namespace

std::string MlflowKey(std::string_view name) {
  std::vector<std::string> parts = absl::StrSplit(std::string(name), '/');
  for (std::string& part : parts) {
    for (char& c : part) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && !absl::StrContains("_-.: ", c)) {
        c = '_';
      }
    }
    if (part.empty() || part == "." || part == "..") part = "_";
  }
  return absl::StrJoin(parts, "/");
}

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
  for (NamedText& parameter : Parameters(record.run.resolved_document())) {
    files.push_back(
        {absl::StrCat(place, "params/", MlflowKey(parameter.name)), std::move(parameter.text)});
  }
  for (NamedText& tag : Tags(record.run)) {
    if (!tag.text.empty()) files.push_back({absl::StrCat(place, "tags/", tag.name), tag.text});
  }
  // Last: a run is there for MLflow once this file is.
  files.push_back({place + "meta.yaml", MetaYaml(record, folder / (place + "artifacts"))});
  return files;
}

std::vector<ExportFile> MlflowExperimentFiles(const v1::Experiment& experiment,
                                              const std::filesystem::path& folder) {
  const std::string place = experiment.id() + "/";
  const int64_t created = absl::ToUnixMillis(ToTime(experiment.create_time()));
  // MLflow wants names that differ, and several experiments may have one name here.
  const std::string name = absl::StrCat(experiment.name(), " (", experiment.id(), ")");
  std::vector<ExportFile> files = {
      {place + "meta.yaml",
       absl::StrCat("artifact_location: ", Quoted(FileUri(folder / experiment.id())),
                    "\ncreation_time: ", created, "\nexperiment_id: ", Quoted(experiment.id()),
                    "\nlast_update_time: ", created,
                    "\nlifecycle_stage: active\nname: ", Quoted(name), "\n")},
      {place + "tags/fp4.project", experiment.project()}};
  if (!experiment.description().empty()) {
    files.push_back({place + "tags/mlflow.note.content", experiment.description()});
  }
  if (experiment.labels_size() > 0) {
    files.push_back({place + "tags/fp4.labels", absl::StrJoin(experiment.labels(), ",")});
  }
  return files;
}

}  // namespace fp4::client
