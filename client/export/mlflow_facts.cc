#include "client/export/mlflow_facts.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/render/runs.h"
#include "spec/json.h"
#include "wire/names.h"

namespace fp4::client {
namespace {

// The leaves of an object as "model.d_model"; lists are values.
void Flatten(const spec::Node& node, const std::string& path, std::vector<MlflowText>& leaves) {
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

std::string GitRevisionOf(const v1::Run& run) {
  const spec::ParsedJson started = spec::ParseJson(run.started_json());
  const spec::Node* revision = started.root.Find("git_revision");
  return revision == nullptr ? "" : revision->text;
}

std::vector<MlflowText> Fitting(std::vector<MlflowText> texts, size_t longest) {
  std::erase_if(texts, [&](const MlflowText& one) { return one.value.size() > longest; });
  return texts;
}

std::vector<MlflowText> Filled(std::vector<MlflowText> tags) {
  std::erase_if(tags, [](const MlflowText& one) { return one.value.empty(); });
  return Fitting(std::move(tags), kLongestMlflowTag);
}

}  // namespace

MlflowStatus MlflowStatusOf(v1::RunState state) {
  if (state == v1::RUN_STATE_COMPLETED) return MlflowStatus::kFinished;
  if (state == v1::RUN_STATE_FAILED) return MlflowStatus::kFailed;
  if (state == v1::RUN_STATE_CANCELLED) return MlflowStatus::kKilled;
  return state == v1::RUN_STATE_QUEUED ? MlflowStatus::kScheduled : MlflowStatus::kRunning;
}

std::string_view MlflowStatusName(MlflowStatus status) {
  switch (status) {
    case MlflowStatus::kRunning:
      return "RUNNING";
    case MlflowStatus::kScheduled:
      return "SCHEDULED";
    case MlflowStatus::kFinished:
      return "FINISHED";
    case MlflowStatus::kFailed:
      return "FAILED";
    case MlflowStatus::kKilled:
      return "KILLED";
  }
  return "";
}

std::string MlflowExperimentName(const v1::Experiment& experiment) {
  return absl::StrCat(experiment.name(), " (", experiment.id(), ")");
}

std::vector<MlflowText> MlflowExperimentTags(const v1::Experiment& experiment) {
  return Filled({{"fp4.experiment", experiment.id()},
                 {"fp4.project", experiment.project()},
                 {"mlflow.note.content", experiment.description()},
                 {"fp4.labels", absl::StrJoin(experiment.labels(), ",")}});
}

std::string MlflowRunName(const v1::Run& run) { return RunLabel(run.variant(), run.seed()); }

std::vector<MlflowText> MlflowRunTags(const v1::Run& run) {
  return Filled({{"mlflow.runName", MlflowRunName(run)},
                 {"mlflow.source.name", "fp4lab"},
                 {"mlflow.source.git.commit", GitRevisionOf(run)},
                 {"fp4.run", run.id()},
                 {"fp4.experiment", run.experiment_name()},
                 {"fp4.variant", run.variant()},
                 {"fp4.seed", absl::StrCat(run.seed())},
                 {"fp4.state", wire::StateName(run.state())},
                 {"fp4.reason", run.reason()},
                 {"fp4.message", run.message()},
                 {"fp4.attempt", absl::StrCat(run.attempt())},
                 {"fp4.worker", run.worker()}});
}

std::vector<MlflowText> MlflowParameters(const v1::Run& run) {
  std::vector<MlflowText> all;
  if (const spec::ParsedJson parsed = spec::ParseJson(run.resolved_document()); parsed.complete) {
    Flatten(parsed.root, "", all);
  }
  return Fitting(std::move(all), kLongestMlflowParameter);
}

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

}  // namespace fp4::client
