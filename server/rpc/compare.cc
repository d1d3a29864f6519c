#include "server/rpc/compare.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/metric_names.h"
#include "base/status_macros.h"
#include "server/core/compare.h"
#include "server/rpc/compare_search.h"
#include "server/rpc/convert_comparison.h"
#include "server/rpc/invalid_field.h"
#include "spec/suggest.h"

namespace fp4::rpc {
namespace {

absl::StatusOr<std::string> ReferenceOf(const v1::CompareRequest& request,
                                        const std::vector<core::VariantDocument>& documents) {
  std::vector<std::string> variants;
  for (const core::VariantDocument& document : documents) variants.push_back(document.name);
  if (request.reference().empty()) return core::DefaultReference(variants);
  if (std::ranges::find(variants, request.reference()) != variants.end()) {
    return request.reference();
  }
  return InvalidField("reference", absl::StrCat("'", request.reference(),
                                                "' is not a variant of this experiment; allowed: ",
                                                absl::StrJoin(variants, ", ")));
}

// A name that no run has, of an experiment that has measured something, is most likely a typing
// error.
absl::Status CheckMetric(store::Reader& reader, const std::string& experiment_id,
                         const std::string& metric) {
  FP4_ASSIGN_OR_RETURN(const std::vector<std::string> known, reader.MetricNames(experiment_id));
  if (known.empty() || std::ranges::binary_search(known, metric)) return absl::OkStatus();
  return InvalidField("metric", absl::StrCat("no run of this experiment has '", metric, "'",
                                             spec::SuggestionAndChoices(metric, known)));
}

absl::Status CheckNumbers(const v1::CompareRequest& request) {
  if (!(request.margin() >= 0) || std::isinf(request.margin())) {
    return InvalidField("margin", absl::StrCat("is ", request.margin(),
                                               "; allowed: a number above 0, or 0 for none"));
  }
  if (request.last() < 0) {
    return InvalidField("last", absl::StrCat("is ", request.last(), ", below 0"));
  }
  return absl::OkStatus();
}

absl::Status CheckLast(int64_t last, const std::string& metric,
                       const std::vector<core::RunResult>& runs) {
  int64_t most = 0;
  for (const core::RunResult& run : runs) {
    most = std::max(most, static_cast<int64_t>(run.curve.size()));
  }
  if (most == 0 || last <= most) return absl::OkStatus();
  return InvalidField("last", absl::StrCat("is ", last, ", and no run has more than ", most,
                                           most == 1 ? " value of " : " values of ", metric));
}

}  // namespace

absl::StatusOr<v1::CompareResponse> Compare(store::Reader& reader,
                                            const v1::CompareRequest& request) {
  FP4_RETURN_IF_ERROR(CheckNumbers(request));
  core::ComparisonQuestion question;
  FP4_ASSIGN_OR_RETURN(question.axis, FromProto(request.at()));
  question.metric = request.metric().empty() ? std::string(metric::kValLoss) : request.metric();
  question.margin = request.margin();
  FP4_ASSIGN_OR_RETURN(const std::string id, reader.ResolveExperimentId(request.experiment_id()));
  FP4_ASSIGN_OR_RETURN(const auto variants, reader.GetVariants(id));
  for (const store::VariantRecord& variant : variants) {
    question.variants.push_back({variant.name, variant.resolved_document});
  }
  if (!request.metric().empty()) FP4_RETURN_IF_ERROR(CheckMetric(reader, id, question.metric));
  FP4_ASSIGN_OR_RETURN(const store::ExperimentRecord experiment, reader.GetExperiment(id, 1));
  const bool is_search = experiment.search && !experiment.search->trials.empty();
  const std::string note = is_search ? ArrangeTrials(*experiment.search, question) : "";
  FP4_ASSIGN_OR_RETURN(question.reference, ReferenceOf(request, question.variants));
  FP4_ASSIGN_OR_RETURN(const auto inputs, reader.GetCompareInputs(id, question.metric));
  std::vector<core::RunResult> runs;
  for (const store::CompareInput& input : inputs) runs.push_back(FromStored(input));
  std::erase_if(runs, [&](const core::RunResult& run) {  // of trials that are left out
    return std::ranges::find(question.variants, run.variant, &core::VariantDocument::name) ==
           question.variants.end();
  });
  question.last = request.last() > 0 ? request.last() : core::DefaultLast(question);
  if (request.last() > 0) FP4_RETURN_IF_ERROR(CheckLast(question.last, question.metric, runs));
  if (const std::string why = core::WhyNotComparable(question, runs); !why.empty()) {
    return InvalidField("at", why);
  }
  core::Comparison comparison = core::Compare(question, runs);
  if (is_search) comparison.warnings.insert(comparison.warnings.begin(), note);
  return ToProto(comparison, question, id);
}

}  // namespace fp4::rpc
