#include "trainer/sensitivity_response.h"

#include "base/status_macros.h"
#include "trainer/sensitivity/advisor.h"
#include "trainer/sensitivity/product_times.h"
#include "trainer/sensitivity/scorer.h"
#include "trainer/step.h"

namespace fp4::trainer {
namespace {

// Which random numbers a measurement draws its targets by.
enum class Purpose : uint8_t { kSensitivity, kBudget };

std::vector<Batch> NextBatches(const Parts& parts, int64_t update, int64_t count) {
  const int64_t next = update + 1 + parts.anomalies->policy().data_offset();
  std::vector<Batch> batches;
  for (int64_t m = 0; m < count; ++m) batches.push_back(parts.task->Training(next, m));
  return batches;
}

std::vector<Measurement> Measure(Parts& parts, const spec::Candidates& candidates, int64_t update,
                                 int64_t micro_batches, Purpose purpose) {
  const Scorer scorer({candidates, *parts.model, *parts.parameters, parts.context, *parts.backend,
                       parts.compute_type(), /*from_exact=*/purpose == Purpose::kBudget},
                      parts.task->targets_per_record());
  const uint64_t draw = 2 * static_cast<uint64_t>(update) + static_cast<uint64_t>(purpose);
  return scorer.Measure(NextBatches(parts, update, micro_batches), LossScaleOf(parts), draw);
}

spec::ScoreTable Table(const Parts& parts, const spec::Candidates& candidates,
                       const std::vector<Measurement>& measurements, int64_t update) {
  return TableOf(Joined(measurements), candidates, parts.run.training.compute_dtype, *parts.model,
                 update);
}

std::vector<spec::PredictedMove> Advise(const Parts& parts, const spec::ScoreTable& scores,
                                        int64_t update) {
  const std::vector<Batch> batches =
      NextBatches(parts, update, parts.run.sensitivity.micro_batches);
  const Advisor advisor({parts.run.sensitivity.candidates, *parts.model, *parts.parameters,
                         parts.context, *parts.backend, parts.compute_type()},
                        parts.task->targets_per_record(), parts.run.model.activation);
  return advisor.Predict(
      spec::OfferMoves(parts.run, parts.document), scores,
      {static_cast<int64_t>(batches.size()),
       [&batches](int64_t index) { return batches[static_cast<size_t>(index)]; }},
      LossScaleOf(parts), static_cast<uint64_t>(update) << 16U);
}

// A layer that no gradient reaches costs nothing under any candidate.
spec::BudgetSample SampleOf(const Measurement& measurement) {
  spec::BudgetSample sample;
  for (const std::vector<TermSamples>& layer : measurement.samples) {
    for (const TermSamples& terms : layer) {
      sample.push_back(terms.micro_batches == 0 ? 0.0 : EstimateOf(terms).loss_change);
    }
  }
  return sample;
}

absl::Status DecideBudget(Parts& parts, int64_t update, Report& report) {
  const spec::BudgetSpec& budget = parts.run.budget;
  ByteBudget& decider = *parts.precision->budget();
  if (decider.needs_times()) {
    FP4_RETURN_IF_ERROR(decider.TakeTimes(
        MeasureProductTimes({parts.run, parts.context, *parts.backend, parts.compute_type()})));
  }
  const std::vector<Measurement> measurements =
      Measure(parts, budget.candidates, update, budget.micro_batches, Purpose::kBudget);
  std::vector<spec::BudgetSample> samples;
  for (const Measurement& measurement : measurements) samples.push_back(SampleOf(measurement));
  spec::Decision decision = decider.Decide(update, samples);
  decision.scores = Table(parts, budget.candidates, measurements, update);
  decider.TellTimes(decision.scores);
  return report.Decision(decision);
}

}  // namespace

absl::Status MeasureSensitivity(Parts& parts, int64_t update, Report& report) {
  const spec::SensitivitySpec& sensitivity = parts.run.sensitivity;
  if (sensitivity.on && update % sensitivity.every == 0) {
    const auto measurements = Measure(parts, sensitivity.candidates, update,
                                      sensitivity.micro_batches, Purpose::kSensitivity);
    spec::ScoreTable table = Table(parts, sensitivity.candidates, measurements, update);
    if (sensitivity.advise) table.moves = Advise(parts, table, update);
    FP4_RETURN_IF_ERROR(parts.task->CheckData());
    FP4_RETURN_IF_ERROR(report.Scores(table));
  }
  ByteBudget* budget = parts.precision->budget();
  if (budget == nullptr || !budget->DecisionIsDue(update)) return absl::OkStatus();
  return DecideBudget(parts, update, report);
}

}  // namespace fp4::trainer
