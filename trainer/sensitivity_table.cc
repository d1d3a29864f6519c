#include "trainer/sensitivity_table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "trainer/build.h"
#include "trainer/ending.h"
#include "trainer/measured_weights.h"
#include "trainer/sensitivity/scorer.h"

namespace fp4::trainer {
namespace {

absl::StatusOr<spec::ScoreTable> MeasureTable(Parts& parts, int64_t step, const StopCheck& stop) {
  const Scorer scorer({parts.run.sensitivity.candidates, *parts.model, *parts.parameters,
                       parts.context, *parts.backend, parts.compute_type()},
                      parts.task->targets_per_record());
  const double loss_scale = parts.loss_scale ? parts.loss_scale->value() : 1.0;
  const int64_t all = parts.task->num_validation_records();
  std::vector<Measurement> measurements;
  for (int64_t begin = 0; begin < all; begin += parts.run.training.micro_batch_size) {
    if (stop()) return Stopped();
    const int64_t count = std::min(parts.run.training.micro_batch_size, all - begin);
    const Batch batch = parts.task->Validation(begin, count);
    measurements.push_back(
        scorer.Measure({&batch, 1}, loss_scale, static_cast<uint64_t>(begin)).front());
  }
  FP4_RETURN_IF_ERROR(parts.task->CheckData());
  return TableOf(Joined(measurements), parts.run.sensitivity.candidates,
                 parts.run.training.compute_dtype, *parts.model, step);
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

}  // namespace fp4::trainer
