#include "trainer/measured_weights.h"

#include <filesystem>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/status_macros.h"
#include "base/trainer_exit.h"
#include "safetensors/safetensors.h"
#include "trainer/build.h"
#include "trainer/checkpoint/store.h"
#include "trainer/data/cache_folders.h"
#include "trainer/ending.h"

namespace fp4::trainer {
namespace {

namespace fs = std::filesystem;

// A checkpoint of ours says its step in the file's metadata.
absl::StatusOr<MeasuredWeights> ReadStep(const std::string& file) {
  FP4_ASSIGN_OR_RETURN(const safetensors::File opened, safetensors::File::Open(file));
  const auto step = opened.metadata().find("step");
  if (step == opened.metadata().end()) return MeasuredWeights{file};
  return MeasuredWeights{file, ParseNumber<int64_t>(step->second, 0).value_or(0)};
}

}  // namespace

absl::StatusOr<MeasuredWeights> FindMeasuredWeights(const std::string& path,
                                                    const std::string& asked_by,
                                                    const StopCheck& stop) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return ReadStep(path);
  if (fs::exists(fs::path(path) / "checkpoints", error)) {
    return absl::NotFoundError(absl::StrCat(asked_by, ": ", path,
                                            " is the folder of a run; name one of its "
                                            "checkpoints: ",
                                            path, "/checkpoints/step-…"));
  }
  absl::StatusOr<Checkpoint> checkpoint = OpenCheckpoint(path, stop);
  if (!checkpoint.ok()) {
    return absl::Status(
        checkpoint.status().code(),
        absl::StrCat(asked_by, ": no checkpoint in ", path, ": ", checkpoint.status().message()));
  }
  return MeasuredWeights{checkpoint->state_file(), checkpoint->manifest.step};
}

int MeasureWeights(
    const Options& options, const SelectedRun& selected, const std::string& path,
    const std::string& asked_by, const StopCheck& stop, std::ostream& out,
    const std::function<absl::StatusOr<std::string>(Parts&, const MeasuredWeights&)>& measure) {
  const absl::StatusOr<MeasuredWeights> weights = FindMeasuredWeights(path, asked_by, stop);
  if (!weights.ok()) return Failed(weights.status());
  std::vector<fs::path> cache = UserCacheFolders();
  std::error_code error;
  cache.push_back(fs::temp_directory_path(error) / "fp4lab");
  const LogHistory history;
  const BuildInputs inputs{selected.run,     selected.document, options, history,
                           std::move(cache), SystemClock(),     stop};
  StepContext context;
  std::unique_ptr<Parts> parts;
  std::string text;
  const absl::Status status = WithoutExceptions(context, [&]() -> absl::Status {
    FP4_ASSIGN_OR_RETURN(parts, BuildForEvaluation(inputs, weights->file, weights->step, context));
    FP4_ASSIGN_OR_RETURN(text, measure(*parts, *weights));
    return absl::OkStatus();
  });
  if (!status.ok()) return Failed(status);
  for (const std::string& warning : parts->warnings)
    std::cerr << "fp4-train: warning: " << warning << '\n';
  out << text << std::flush;
  return kExitCompleted;
}

}  // namespace fp4::trainer
