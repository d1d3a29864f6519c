#include "trainer/sensitivity_table.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "base/trainer_exit.h"
#include "trainer/build.h"
#include "trainer/data/cache_folders.h"
#include "trainer/ending.h"
#include "trainer/measured_weights.h"
#include "trainer/sensitivity/scorer.h"

namespace fp4::trainer {
namespace {

struct MeasuredTable {
  std::unique_ptr<Parts> parts;
  spec::ScoreTable table;
};

absl::Status MeasureTable(const BuildInputs& inputs, const MeasuredWeights& weights,
                          StepContext& context, MeasuredTable& measured) {
  FP4_ASSIGN_OR_RETURN(measured.parts,
                       BuildForEvaluation(inputs, weights.file, weights.step, context));
  Parts& parts = *measured.parts;
  const Scorer scorer({parts.run.sensitivity.candidates, *parts.model, *parts.parameters, context,
                       *parts.backend, parts.compute_type()},
                      parts.task->targets_per_record());
  const double loss_scale = parts.loss_scale ? parts.loss_scale->value() : 1.0;
  const int64_t all = parts.task->num_validation_records();
  std::vector<Measurement> measurements;
  for (int64_t begin = 0; begin < all; begin += parts.run.training.micro_batch_size) {
    if (inputs.stop()) return Stopped();
    const int64_t count = std::min(parts.run.training.micro_batch_size, all - begin);
    const Batch batch = parts.task->Validation(begin, count);
    measurements.push_back(
        scorer.Measure({&batch, 1}, loss_scale, static_cast<uint64_t>(begin)).front());
  }
  FP4_RETURN_IF_ERROR(parts.task->CheckData());
  measured.table = TableOf(Joined(measurements), parts.run.sensitivity.candidates,
                           parts.run.training.compute_dtype, *parts.model, weights.step);
  return absl::OkStatus();
}

void Write(const MeasuredWeights& weights, const MeasuredTable& measured, bool json,
           std::ostream& out) {
  const spec::ScoreTable& table = measured.table;
  if (!json) {
    out << absl::StreamFormat(
               "weights %s\nstep %d, %d validation targets\nPredicted change of the loss if only "
               "that layer changed to the recipe (standard error)\n\n",
               weights.file, weights.step, table.targets)
        << FormatScoreTable(table) << std::flush;
    return;
  }
  nlohmann::ordered_json object = {{"weights", weights.file}, {"step", weights.step}};
  object.update(nlohmann::ordered_json::parse(ToJson(table)));
  out << object.dump(2) << std::endl;
}

}  // namespace

int WriteSensitivityTable(const Options& options, const SelectedRun& selected,
                          const StopCheck& stop, std::ostream& out) {
  const absl::StatusOr<MeasuredWeights> weights =
      FindMeasuredWeights(*options.sensitivity, "--sensitivity", stop);
  if (!weights.ok()) return Failed(weights.status());
  std::vector<std::filesystem::path> cache = UserCacheFolders();
  std::error_code error;
  cache.push_back(std::filesystem::temp_directory_path(error) / "fp4lab");
  const LogHistory history;
  const BuildInputs inputs{selected.run,     selected.document, options, history,
                           std::move(cache), SystemClock(),     stop};
  StepContext context;
  MeasuredTable measured;
  const absl::Status status =
      WithoutExceptions(context, [&] { return MeasureTable(inputs, *weights, context, measured); });
  if (!status.ok()) return Failed(status);
  for (const std::string& warning : measured.parts->warnings)
    std::cerr << "fp4-train: warning: " << warning << '\n';
  Write(*weights, measured, options.json, out);
  return kExitCompleted;
}

}  // namespace fp4::trainer
