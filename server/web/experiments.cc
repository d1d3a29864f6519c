#include "base/status_macros.h"
#include "server/core/variant_document.h"
#include "server/rpc/compare.h"
#include "server/rpc/explain_waiting.h"
#include "server/rpc/invalid_field.h"
#include "server/rpc/queries.h"
#include "server/web/context.h"
#include "server/web/handlers.h"
#include "spec/layers.h"
#include "wire/json/messages.h"
#include "wire/json/values.h"
#include "wire/names.h"

namespace fp4::web {
namespace {

constexpr int64_t kMaxLimit = 1'000'000;

absl::StatusOr<std::vector<v1::Experiment>> ReadExperiments(store::Reader& reader,
                                                            const std::string& project,
                                                            int64_t limit) {
  std::vector<v1::Experiment> experiments;
  v1::ListExperimentsRequest request;
  request.set_project(project);
  do {
    const int64_t left = limit - static_cast<int64_t>(experiments.size());
    request.set_page_size(static_cast<int32_t>(std::min<int64_t>(left, store::kMaxPageSize)));
    FP4_ASSIGN_OR_RETURN(v1::ListExperimentsResponse page, rpc::ListExperiments(reader, request));
    std::move(page.mutable_experiments()->begin(), page.mutable_experiments()->end(),
              std::back_inserter(experiments));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && static_cast<int64_t>(experiments.size()) < limit);
  return experiments;
}

// With all its runs.
absl::StatusOr<v1::Experiment> ReadExperiment(store::Reader& reader, const std::string& id) {
  v1::GetExperimentRequest request;
  request.set_id(id);
  FP4_ASSIGN_OR_RETURN(v1::Experiment experiment, rpc::GetExperiment(reader, request));
  while (!experiment.next_page_token().empty()) {
    request.set_page_token(experiment.next_page_token());
    FP4_ASSIGN_OR_RETURN(const v1::Experiment more, rpc::GetExperiment(reader, request));
    experiment.mutable_runs()->MergeFrom(more.runs());
    experiment.set_next_page_token(more.next_page_token());
  }
  return experiment;
}

// {"name", "document", "layers"}; "layers" is null where this release cannot read the document any
// more.
wire::Json VariantObject(const store::VariantRecord& variant) {
  const auto run = core::RunOf({variant.name, variant.resolved_document});
  return {{"name", variant.name},
          {"document", wire::Embedded(variant.resolved_document)},
          {"layers", run ? wire::Embedded(spec::LayerTableJson(*run)) : wire::Json()}};
}

absl::StatusOr<v1::CompareRequest> ReadCompareRequest(const Call& call) {
  Parameters parameters(call.request.query);
  v1::CompareRequest request;
  request.set_experiment_id(call.id);
  FP4_ASSIGN_OR_RETURN(*request.mutable_metric(), parameters.Text("metric"));
  FP4_ASSIGN_OR_RETURN(*request.mutable_reference(), parameters.Text("reference"));
  FP4_ASSIGN_OR_RETURN(const double margin, parameters.Number("margin", 0));
  FP4_ASSIGN_OR_RETURN(const int64_t last, parameters.Integer("last", 0, 0, INT32_MAX));
  FP4_ASSIGN_OR_RETURN(const std::string at, parameters.Text("at"));
  FP4_RETURN_IF_ERROR(parameters.Finish());
  request.set_margin(margin);
  request.set_last(static_cast<int32_t>(last));
  const auto axis = at.empty() ? v1::COMPARISON_AXIS_UNSPECIFIED : wire::AxisOfName(at);
  if (!axis) {
    return rpc::InvalidField(
        "at", "is '" + at + "'; allowed: " + wire::Dump(wire::Json(wire::AxisNames())));
  }
  request.set_at(*axis);
  return request;
}

}  // namespace

void ListExperiments(Context& context, const CallPtr& call) {
  AnswerByRead(context.store, call, [call](store::Reader& reader) -> AnswerOr {
    Parameters parameters(call->request.query);
    FP4_ASSIGN_OR_RETURN(const std::string project, parameters.Text("project"));
    FP4_ASSIGN_OR_RETURN(const int64_t limit, parameters.Integer("limit", kMaxLimit, 1, kMaxLimit));
    FP4_RETURN_IF_ERROR(parameters.Finish());
    FP4_ASSIGN_OR_RETURN(const auto experiments, ReadExperiments(reader, project, limit));
    return JsonAnswer(wire::ExperimentsJson(experiments));
  });
}

void GetExperiment(Context& context, const CallPtr& call) {
  context.store.Read([&context, call](store::Reader& reader) {
    const absl::Status unknown = Parameters(call->request.query).Finish();
    if (!unknown.ok()) return Answer(*call, unknown);
    absl::StatusOr<v1::Experiment> found = ReadExperiment(reader, call->id);
    if (!found.ok()) return Answer(*call, found.status());
    auto experiment = std::make_shared<v1::Experiment>(*std::move(found));
    auto& runs = *experiment->mutable_runs();
    rpc::ExplainWaiting(context.store, {runs.pointer_begin(), runs.pointer_end()}, [=, &context] {
      AnswerByRead(context.store, call, [experiment](store::Reader&) -> AnswerOr {
        return JsonAnswer(wire::ExperimentJson(*experiment));
      });
    });
  });
}

void GetDocument(Context& context, const CallPtr& call) {
  AnswerByRead(context.store, call, [call](store::Reader& reader) -> AnswerOr {
    FP4_RETURN_IF_ERROR(Parameters(call->request.query).Finish());
    FP4_ASSIGN_OR_RETURN(const auto experiment, reader.GetExperiment(call->id, 1));
    return FileAnswer("text/plain; charset=utf-8", experiment.id + ".fp4.json",
                      experiment.document);
  });
}

void ListVariants(Context& context, const CallPtr& call) {
  AnswerByRead(context.store, call, [call](store::Reader& reader) -> AnswerOr {
    FP4_RETURN_IF_ERROR(Parameters(call->request.query).Finish());
    FP4_ASSIGN_OR_RETURN(const auto variants, reader.GetVariants(call->id));
    return JsonAnswer(wire::Dump(wire::Array(variants, VariantObject)));
  });
}

void CompareVariants(Context& context, const CallPtr& call) {
  AnswerByRead(context.store, call, [call](store::Reader& reader) -> AnswerOr {
    FP4_ASSIGN_OR_RETURN(const v1::CompareRequest request, ReadCompareRequest(*call));
    FP4_ASSIGN_OR_RETURN(const v1::CompareResponse comparison, rpc::Compare(reader, request));
    return JsonAnswer(wire::ComparisonJson(comparison));
  });
}

}  // namespace fp4::web
