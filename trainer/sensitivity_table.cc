#include "trainer/sensitivity_table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "trainer/build.h"
#include "trainer/ending.h"
#include "trainer/measured_weights.h"
#include "trainer/sensitivity/advisor.h"
#include "trainer/sensitivity/scorer.h"
#include "trainer/step.h"

namespace fp4::trainer {
namespace {

// The validation data of an evaluation, in micro-batches.
MeasuredBatches ValidationBatches(const Parts& parts) {
  const int64_t all = parts.task->num_validation_records();
  const int64_t size = parts.run.training.micro_batch_size;
  return {(all + size - 1) / size, [&parts, all, size](int64_t index) {
            return parts.task->Validation(index * size, std::min(size, all - index * size));
          }};
}

PerturbationParts MeasuredParts(const Parts& parts) {
  return {parts.run.sensitivity.candidates,
          *parts.model,
          *parts.parameters,
          parts.context,
          *parts.backend,
          parts.compute_type()};
}

absl::StatusOr<spec::ScoreTable> MeasureTable(Parts& parts, int64_t step, const StopCheck& stop) {
  const Scorer scorer(MeasuredParts(parts), parts.task->targets_per_record());
  const MeasuredBatches batches = ValidationBatches(parts);
  std::vector<Measurement> measurements;
  for (int64_t b = 0; b < batches.count; ++b) {
    if (stop()) return Stopped();
    const Batch batch = batches.get(b);
    measurements.push_back(
        scorer.Measure({&batch, 1}, LossScaleOf(parts), static_cast<uint64_t>(b)).front());
  }
  FP4_RETURN_IF_ERROR(parts.task->CheckData());
  return TableOf(Joined(measurements), parts.run.sensitivity.candidates,
                 parts.run.training.compute_dtype, *parts.model, step);
}

std::string AdviceText(const MeasuredWeights& weights, const spec::ScoreTable& table) {
  return absl::StrFormat(
             "weights %s\nstep %d, %d validation targets\nPredicted fall of the loss (standard "
             "error), where most can be gained first\n\n",
             weights.file, weights.step, table.targets) +
         spec::FormatMoves(table.moves);
}

std::string TextOf(const MeasuredWeights& weights, const spec::ScoreTable& table, bool json) {
  if (!json) {
    return absl::StrFormat(
               "weights %s\nstep %d, %d validation targets\nPredicted change of the loss if only "
               "that layer changed to the recipe (standard error)\n\n",
               weights.file, weights.step, table.targets) +
           FormatScoreTable(table);
  }
  nlohmann::ordered_json object = {{"weights", weights.file}, {"step", weights.step}};
  object.update(nlohmann::ordered_json::parse(ToJson(table)));
  return object.dump(2) + "\n";
}

absl::StatusOr<std::string> MeasureAdvice(Parts& parts, const MeasuredWeights& weights, bool json,
                                          const StopCheck& stop) {
  FP4_ASSIGN_OR_RETURN(spec::ScoreTable table, MeasureTable(parts, weights.step, stop));
  const std::vector<spec::Offer> offers = spec::OfferMoves(parts.run, parts.document);
  const Advisor advisor(MeasuredParts(parts), parts.task->targets_per_record(),
                        parts.run.model.activation);
  table.moves = advisor.Predict(offers, table, ValidationBatches(parts), LossScaleOf(parts), 0);
  FP4_RETURN_IF_ERROR(parts.task->CheckData());
  if (!json) return AdviceText(weights, table);
  nlohmann::ordered_json object = {{"weights", weights.file}, {"step", weights.step}};
  object.update(nlohmann::ordered_json::parse(AdviceJson(table, offers)));
  return object.dump(2) + "\n";
}

}  // namespace

int WriteSensitivityTable(const Options& options, const SelectedRun& selected,
                          const StopCheck& stop, std::ostream& out) {
  const auto measure = [&](Parts& parts,
                           const MeasuredWeights& weights) -> absl::StatusOr<std::string> {
    FP4_ASSIGN_OR_RETURN(const spec::ScoreTable table, MeasureTable(parts, weights.step, stop));
    return TextOf(weights, table, options.json);
  };
  return MeasureWeights(options, selected, *options.sensitivity, "--sensitivity", stop, out,
                        measure);
}

int WriteAdvice(const Options& options, const SelectedRun& selected, const StopCheck& stop,
                std::ostream& out) {
  const auto measure = [&](Parts& parts, const MeasuredWeights& weights) {
    return MeasureAdvice(parts, weights, options.json, stop);
  };
  return MeasureWeights(options, selected, *options.advise, "--advise", stop, out, measure);
}

}  // namespace fp4::trainer
