#include "trainer/run/select_run.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file_start.h"
#include "spec/document.h"
#include "spec/json.h"

namespace fp4::trainer {
namespace {

std::string Names(const std::vector<spec::Variant>& variants) {
  return absl::StrJoin(
      variants, ", ", [](std::string* out, const spec::Variant& variant) { *out += variant.name; });
}

const spec::Variant* FindVariant(const Options& options, const spec::Experiment& experiment,
                                 std::vector<std::string>& problems) {
  if (!options.variant && experiment.variants.size() == 1) return &experiment.variants[0];
  if (!options.variant) {
    problems.push_back(absl::StrCat(
        options.document,
        " has several variants; say which with --variant: ", Names(experiment.variants)));
    return nullptr;
  }
  auto found = std::ranges::find(experiment.variants, *options.variant, &spec::Variant::name);
  if (found != experiment.variants.end()) return &*found;
  problems.push_back(absl::StrCat("--variant is '", *options.variant, "'; ", options.document,
                                  " has: ", Names(experiment.variants)));
  return nullptr;
}

std::optional<uint64_t> FindSeed(const Options& options, const spec::Experiment& experiment,
                                 std::vector<std::string>& problems) {
  if (!options.seed && experiment.seeds.size() == 1) return experiment.seeds[0];
  std::string seeds = absl::StrJoin(experiment.seeds, ", ");
  if (!options.seed) {
    problems.push_back(
        absl::StrCat(options.document, " has several seeds; say which with --seed: ", seeds));
    return std::nullopt;
  }
  if (std::ranges::find(experiment.seeds, *options.seed) != experiment.seeds.end())
    return options.seed;
  problems.push_back(
      absl::StrCat("--seed is ", *options.seed, "; ", options.document, " has: ", seeds));
  return std::nullopt;
}

}  // namespace

SelectedRun SelectRun(const Options& options) {
  SelectedRun selected;
  absl::StatusOr<std::string> text = ReadFileStart(options.document, spec::kMaxJsonBytes + 1);
  if (!text.ok()) {
    selected.problems.emplace_back(text.status().message());
    return selected;
  }
  std::filesystem::path folder = std::filesystem::absolute(options.document).parent_path();
  spec::ReadResult read = spec::ReadExperiment(*text, {}, {.base_folder = folder.string()});
  // The scores of a document that does not say which.
  const bool unsaid = (options.sensitivity || options.advise) && read.ok() &&
                      !read.experiment.variants.front().run.sensitivity.on;
  // Advice asks for recipes with more bytes, which fit layers of any width.
  const std::vector<std::string> defaults = {
      options.advise ? R"(sensitivity={"formats": ["int8", "baseline"]})" : "sensitivity={}"};
  if (unsaid) read = spec::ReadExperiment(*text, defaults, {.base_folder = folder.string()});
  for (const spec::Problem& problem : read.problems)
    selected.problems.push_back(problem.ToString(options.document));
  if (!selected.problems.empty()) return selected;
  const spec::Variant* variant = FindVariant(options, read.experiment, selected.problems);
  std::optional<uint64_t> seed = FindSeed(options, read.experiment, selected.problems);
  if (variant == nullptr || !seed) return selected;
  selected.run = spec::MakeRun(*variant, *seed);
  selected.document = spec::RunDocument(*variant, *seed);
  return selected;
}

bool SameDocument(const std::string& a, const std::string& b) {
  return spec::TrainingDocument(a) == spec::TrainingDocument(b);
}

}  // namespace fp4::trainer
