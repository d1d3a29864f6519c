#include "trainer/checkpoint/acknowledged.h"

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace fp4::trainer {

absl::StatusOr<Acknowledged> ParseAcknowledged(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("path") || !json["path"].is_string() ||
      !json.contains("step") || !json["step"].is_number_integer()) {
    return absl::InvalidArgumentError("it is not {\"path\", \"step\"}");
  }
  return Acknowledged{.folder = json["path"].get<std::string>(), .step = json["step"]};
}

absl::StatusOr<std::optional<Acknowledged>> ReadAcknowledged(const std::filesystem::path& run_dir) {
  const std::filesystem::path file = run_dir / "acknowledged.json";
  absl::StatusOr<std::string> text = ReadFile(file);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  if (!text.ok()) return text.status();
  absl::StatusOr<Acknowledged> parsed = ParseAcknowledged(*text);
  if (parsed.ok()) return *std::move(parsed);
  return absl::InvalidArgumentError(
      absl::StrCat(file.string(), ": ", std::string(parsed.status().message())));
}

}  // namespace fp4::trainer
