#include "server/core/variant_differences.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "spec/document.h"
#include "spec/document_diff.h"

namespace fp4::core {
namespace {

using spec::FieldDifference;

constexpr std::string_view kMeantSection = "precision";
// Losses on other data are other quantities, whatever was meant.
constexpr std::string_view kDataSection = "data";
constexpr size_t kMostNamed = 8;

bool ChangesTraining(std::string_view path) {
  constexpr std::string_view kOtherSections[] = {"variants", "seeds", "checkpoint", "resources",
                                                 "retry"};
  constexpr std::string_view kOtherFields[] = {"training.log_interval", "training.stats_interval"};
  const std::string_view section = path.substr(0, path.find_first_of(".["));
  return std::ranges::find(kOtherSections, section) == std::end(kOtherSections) &&
         std::ranges::find(kOtherFields, path) == std::end(kOtherFields);
}

std::string_view SectionOf(const FieldDifference& difference) {
  const std::string_view path = difference.path;
  return path.substr(0, path.find_first_of(".["));
}

std::string ValueText(const std::string& json) { return json.empty() ? "its default" : json; }

std::vector<FieldDifference> TrainingDifferences(const std::string& left,
                                                 const std::string& right) {
  std::vector<FieldDifference> differences =
      spec::DifferencesOf(spec::TrainingDocument(left), spec::TrainingDocument(right));
  std::erase_if(differences, [](const FieldDifference& one) { return !ChangesTraining(one.path); });
  return differences;
}

// Values of all weight matrices; 0 when the document cannot be read.
int64_t NumWeights(const VariantDocument& variant) {
  int64_t count = 0;
  const std::optional<spec::RunSpec> run = RunOf(variant);
  if (!run) return 0;
  for (const spec::LayerPrecision& layer : run->layers) {
    if (layer.shares.empty()) count += layer.out_features * layer.in_features;
  }
  return count;
}

std::string Fields(const std::vector<FieldDifference>& differences) {
  std::vector<std::string> texts;
  for (const FieldDifference& one : differences) {
    if (texts.size() == kMostNamed) {
      texts.push_back(absl::StrCat(differences.size() - kMostNamed, " more"));
      break;
    }
    texts.push_back(
        absl::StrCat(one.path, " (", ValueText(one.left), " -> ", ValueText(one.right), ")"));
  }
  return absl::StrJoin(texts, ", ");
}

std::string WeightsText(const VariantDocument& reference, const VariantDocument& variant) {
  const int64_t before = NumWeights(reference);
  const int64_t after = NumWeights(variant);
  if (before == after || before == 0 || after == 0) return "";
  return absl::StrCat("; it has ", after, " weights, ", reference.name, " ", before);
}

// Empty: the two differ in one section at most, and not in their data.
std::string WarningFor(const VariantDocument& reference, const VariantDocument& variant) {
  std::vector<FieldDifference> differences =
      TrainingDifferences(reference.resolved_document, variant.resolved_document);
  std::set<std::string_view> sections;
  for (const FieldDifference& one : differences) sections.insert(SectionOf(one));
  if (sections.size() == 1 && sections.contains(kDataSection)) {
    return absl::StrCat(variant.name, " learns from and is measured on other data than ",
                        reference.name, ": ", Fields(differences));
  }
  if (sections.size() < 2) return "";
  const bool about_precision = sections.contains(kMeantSection);
  std::string what = "in more than one thing";
  if (about_precision) {
    what = absl::StrCat("in more than ", std::string(kMeantSection));
    std::erase_if(differences,
                  [](const FieldDifference& one) { return SectionOf(one) == kMeantSection; });
  }
  return absl::StrCat(variant.name, " differs from ", reference.name, " ", what, ": ",
                      Fields(differences), WeightsText(reference, variant));
}

}  // namespace

std::vector<std::string> UnintendedDifferences(std::span<const VariantDocument> variants,
                                               const std::string& reference) {
  std::vector<std::string> warnings;
  const auto base = std::ranges::find(variants, reference, &VariantDocument::name);
  if (base == variants.end()) return warnings;
  for (const VariantDocument& variant : variants) {
    if (variant.name == reference) continue;
    std::string warning = WarningFor(*base, variant);
    if (!warning.empty()) warnings.push_back(std::move(warning));
  }
  return warnings;
}

}  // namespace fp4::core
