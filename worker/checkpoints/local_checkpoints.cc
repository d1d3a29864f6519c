#include "worker/checkpoints/local_checkpoints.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/status/statusor.h"
#include "base/file.h"

namespace fp4::worker {
namespace {

namespace fs = std::filesystem;

// The trainer's format: trainer/checkpoint/manifest.h.
std::optional<LocalCheckpoint> Read(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_regular_file(folder / "manifest.json", error)) return std::nullopt;
  absl::StatusOr<std::string> text = ReadFile(folder / "manifest.json");
  if (!text.ok()) return std::nullopt;
  const auto json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  LocalCheckpoint checkpoint;
  try {
    checkpoint.key = {json.at("step").get<int64_t>(), json.at("attempt").get<int32_t>()};
    checkpoint.bytes = json.at("state_bytes").get<int64_t>();
    checkpoint.sha256 = json.at("state_sha256").get<std::string>();
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  checkpoint.manifest = *std::move(text);
  checkpoint.folder = folder;
  return checkpoint;
}

}  // namespace

std::vector<LocalCheckpoint> ListLocalCheckpoints(const fs::path& run_dir) {
  std::vector<LocalCheckpoint> checkpoints;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(run_dir / "checkpoints", error)) {
    // What a trainer has not finished has another name.
    if (!entry.path().filename().string().starts_with("step-")) continue;
    if (std::optional<LocalCheckpoint> one = Read(entry.path())) {
      checkpoints.push_back(*std::move(one));
    }
  }
  std::ranges::sort(checkpoints, [](const LocalCheckpoint& a, const LocalCheckpoint& b) {
    return std::pair(b.key.attempt, b.key.step) < std::pair(a.key.attempt, a.key.step);
  });
  return checkpoints;
}

}  // namespace fp4::worker
