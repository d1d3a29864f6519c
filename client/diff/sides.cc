#include "client/diff/sides.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/document_input.h"
#include "client/errors.h"
#include "client/render/text.h"
#include "client/target.h"
#include "spec/document.h"

namespace fp4::client {
namespace {

// An argument in its parts.
struct Named {
  std::string name, variant;  // variant empty: all
};

bool IsFile(const std::string& name) {
  if (name == "-" || name.ends_with(".json") || name.find('/') != std::string::npos) return true;
  std::error_code error;
  return std::filesystem::is_regular_file(name, error);
}

Named Split(const std::string& argument) {
  const size_t colon = argument.rfind(':');
  std::error_code error;
  if (colon == std::string::npos || std::filesystem::exists(argument, error)) return {argument, ""};
  return {argument.substr(0, colon), argument.substr(colon + 1)};
}

std::vector<DiffSide> SidesOf(const std::string& name, const spec::Experiment& experiment) {
  std::vector<DiffSide> sides;
  for (const spec::Variant& variant : experiment.variants) {
    sides.push_back({.label = absl::StrCat(name, ":", variant.name),
                     .variant = variant.name,
                     .document = variant.resolved_document,
                     .started = ""});
  }
  return sides;
}

absl::StatusOr<std::vector<DiffSide>> ReadFileSides(Context& context, const std::string& file) {
  FP4_ASSIGN_OR_RETURN(const DocumentInput document, ReadDocument(context, file));
  const spec::ReadResult result = spec::ReadExperiment(
      document.text, {}, {.base_folder = document.folder, .with_unbuilt = true});
  if (!result.ok()) return PrintProblems(result.problems, document, context);
  return SidesOf(document.name, result.experiment);
}

// As the controller resolved it when it was submitted, but for fields that it did not know yet.
absl::StatusOr<std::vector<DiffSide>> ExperimentSides(Context& context,
                                                      const v1::Experiment& experiment) {
  const DocumentInput document{
      .name = experiment.document_name(), .text = experiment.document(), .folder = ""};
  const std::vector<std::string> overrides(experiment.overrides().begin(),
                                           experiment.overrides().end());
  const spec::ReadResult result =
      spec::ReadExperiment(document.text, overrides, {.base_folder = "", .with_unbuilt = true});
  if (!result.ok()) return PrintProblems(result.problems, document, context);
  return SidesOf(experiment.id(), result.experiment);
}

absl::StatusOr<std::vector<DiffSide>> AllSides(Context& context, const std::string& name) {
  if (IsFile(name)) return ReadFileSides(context, name);
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const Target target, FindTarget(*connection, name));
  if (!target.is_run) return ExperimentSides(context, target.experiment);
  return std::vector<DiffSide>{{.label = absl::StrCat("run ", target.run.id()),
                                .variant = target.run.variant(),
                                .document = target.run.resolved_document(),
                                .started = target.run.started_json()}};
}

std::string NamesOf(const std::vector<DiffSide>& sides) {
  return absl::StrJoin(sides, ", ",
                       [](std::string* out, const DiffSide& side) { *out += side.variant; });
}

}  // namespace

absl::StatusOr<std::vector<DiffSide>> ReadDiffSides(Context& context, const std::string& argument) {
  const Named named = Split(argument);
  FP4_ASSIGN_OR_RETURN(std::vector<DiffSide> sides, AllSides(context, named.name));
  if (named.variant.empty()) return sides;
  const auto found = std::ranges::find(sides, named.variant, &DiffSide::variant);
  if (found == sides.end()) {
    return NoSuch(absl::StrCat("'", Printable(named.variant), "' is not a variant of ",
                               Printable(named.name), "; allowed: ", NamesOf(sides)));
  }
  return std::vector<DiffSide>{*found};
}

absl::StatusOr<DiffPairs> PairSides(std::vector<DiffSide> a, std::vector<DiffSide> b) {
  DiffPairs result;
  if (a.size() == 1 && b.size() == 1) {
    result.pairs.push_back({std::move(a[0]), std::move(b[0])});
    return result;
  }
  for (DiffSide& side : a) {
    const auto partner = std::ranges::find(b, side.variant, &DiffSide::variant);
    if (partner == b.end()) {
      result.only_a.push_back(side.variant);
    } else {
      result.pairs.push_back({std::move(side), *partner});
    }
  }
  for (const DiffSide& side : b) {
    const bool paired = std::ranges::any_of(
        result.pairs, [&](const DiffPair& pair) { return pair.b.variant == side.variant; });
    if (!paired) result.only_b.push_back(side.variant);
  }
  if (!result.pairs.empty()) return result;
  return absl::InvalidArgumentError(
      absl::StrCat("no variant is in both: the first has ", absl::StrJoin(result.only_a, ", "),
                   ", the second ", absl::StrJoin(result.only_b, ", "), "; name them: ID:VARIANT"));
}

}  // namespace fp4::client
