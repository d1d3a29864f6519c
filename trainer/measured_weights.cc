#include "trainer/measured_weights.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/number.h"
#include "base/status_macros.h"
#include "safetensors/safetensors.h"
#include "trainer/checkpoint/store.h"

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

}  // namespace fp4::trainer
