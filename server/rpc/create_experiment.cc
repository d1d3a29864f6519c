#include "server/rpc/create_experiment.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "server/access/secrets.h"
#include "server/core/search/trial.h"
#include "wire/status.h"

namespace fp4::rpc {
namespace {

std::string AndMore(const std::string& first, size_t count) {
  return count == 1 ? first : absl::StrCat(first, " (and ", count - 1, " more)");
}

absl::Status DocumentStatus(const std::vector<spec::Problem>& problems, std::string_view name) {
  return wire::InvalidDocument(reason::kInvalidDocument,
                               AndMore(problems.front().ToString(name), problems.size()), problems);
}

// The files that a run reads: path -> field.
void CollectPaths(const spec::RunSpec& run, std::map<std::string, std::string>& paths) {
  for (const std::string& path : run.data.paths) paths.emplace(path, "data.paths");
  for (const std::string& path : run.data.validation_paths) {
    paths.emplace(path, "data.validation_paths");
  }
  if (run.data.tokenizer != "bytes") paths.emplace(run.data.tokenizer, "data.tokenizer");
  if (!run.model.initialize_from.empty()) {
    paths.emplace(run.model.initialize_from, "model.initialize_from");
  }
}

absl::Status CheckPaths(const spec::Experiment& experiment, const AllowedRoots& roots) {
  std::map<std::string, std::string> paths;
  for (const spec::Variant& variant : experiment.variants) CollectPaths(variant.run, paths);
  std::vector<spec::Problem> problems;
  for (const auto& [path, field] : paths) {
    if (roots.Allow(path)) continue;
    problems.push_back({.path = field,
                        .message = absl::StrCat("'", path,
                                                "' is outside the folders that this controller "
                                                "allows; start fp4-controller with --allow-path"),
                        .override_text = ""});
  }
  if (problems.empty()) return absl::OkStatus();
  const std::string first = absl::StrCat(problems[0].path, ": ", problems[0].message);
  return wire::InvalidDocument(reason::kPathNotAllowed, AndMore(first, problems.size()), problems);
}

// Values that make no document together are replaced later on; but if none of the first ones makes
// one, what is searched makes no sense.
absl::Status CheckTrials(const store::NewExperiment& request) {
  constexpr int64_t kTried = 32;
  if (!request.experiment.search) return absl::OkStatus();
  absl::Status invalid;
  const int64_t all = core::NumTrials(request.experiment);
  for (int64_t number = 0; number < std::min(all, kTried); ++number) {
    const core::TrialPlan plan = core::PlanTrial(request.experiment, number);
    const auto trial =
        core::MakeTrial(request.experiment, request.document, request.overrides, plan);
    if (trial.ok()) return absl::OkStatus();
    if (invalid.ok()) invalid = trial.status();
  }
  std::vector<spec::Problem> problems;
  problems.push_back(
      {.path = "search.space", .message = std::string(invalid.message()), .override_text = ""});
  return wire::InvalidDocument(reason::kInvalidDocument,
                               problems[0].ToString(request.document_name), problems);
}

// Documents are shown to everybody who may look at the lab, and kept.
absl::Status CheckNoSecret(const v1::CreateExperimentRequest& request) {
  std::vector<spec::Problem> problems;
  if (const auto secret = access::FindSecret(request.document())) {
    problems.push_back({.path = "",
                        .line = secret->line,
                        .column = secret->column,
                        .message = absl::StrCat("this looks like ", std::string(secret->kind),
                                                "; a document is no place for secrets"),
                        .override_text = ""});
  }
  for (int i = 0; i < request.overrides_size(); ++i) {
    const auto secret = access::FindSecret(request.overrides(i));
    if (!secret) continue;
    problems.push_back(
        {.path = "",
         .message = absl::StrCat("override ", i + 1, " holds what looks like ",
                                 std::string(secret->kind), "; a document is no place for secrets"),
         .override_text = ""});
  }
  if (problems.empty()) return absl::OkStatus();
  return wire::InvalidDocument(reason::kSecretInDocument, problems[0].message, problems);
}

}  // namespace

absl::StatusOr<store::NewExperiment> ReadCreateRequest(const v1::CreateExperimentRequest& request,
                                                       std::string created_by,
                                                       const AllowedRoots& roots) {
  const std::string name = request.document_name().empty() ? "document" : request.document_name();
  FP4_RETURN_IF_ERROR(CheckNoSecret(request));
  const std::vector<std::string> overrides(request.overrides().begin(), request.overrides().end());
  spec::ReadResult result = spec::ReadExperiment(request.document(), overrides, {});
  if (!result.ok()) return DocumentStatus(result.problems, name);
  FP4_RETURN_IF_ERROR(CheckPaths(result.experiment, roots));
  store::NewExperiment created{.experiment = std::move(result.experiment),
                               .document = request.document(),
                               .document_name = name,
                               .overrides = overrides,
                               .created_by = std::move(created_by),
                               .request_id = request.request_id()};
  FP4_RETURN_IF_ERROR(CheckTrials(created));
  return created;
}

}  // namespace fp4::rpc
