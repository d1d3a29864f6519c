#include "base/reasons.h"

#include "absl/strings/cord.h"

namespace fp4 {
namespace {

constexpr char kReasonPayload[] = "fp4lab/reason";
constexpr std::string_view kMetadataPrefix = "fp4lab/metadata/";

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::string_view MachineReasonOf(std::string_view last_words) {
  constexpr std::string_view kProgram = "fp4-train: ";
  if (last_words.starts_with(kProgram)) last_words.remove_prefix(kProgram.size());
  for (std::string_view known :
       {reason::kDiskFull, reason::kMachineFault, reason::kOutOfMemory, reason::kDataMissing}) {
    if (last_words.starts_with(known) && last_words.substr(known.size()).starts_with(": ")) {
      return known;
    }
  }
  return "";
}

absl::Status ErrorWithReason(absl::StatusCode code, std::string_view reason,
                             std::string_view message,
                             const std::map<std::string, std::string>& metadata) {
  absl::Status status(code, View(message));
  status.SetPayload(kReasonPayload, absl::Cord(View(reason)));
  for (const auto& [key, value] : metadata) {
    status.SetPayload(std::string(kMetadataPrefix) + key, absl::Cord(value));
  }
  return status;
}

std::optional<std::string> ReasonOf(const absl::Status& status) {
  auto payload = status.GetPayload(kReasonPayload);
  if (!payload.has_value()) return std::nullopt;
  return std::string(*payload);
}

std::map<std::string, std::string> ReasonMetadataOf(const absl::Status& status) {
  std::map<std::string, std::string> metadata;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    std::string_view name(url.data(), url.size());
    if (name.starts_with(kMetadataPrefix)) {
      metadata.emplace(name.substr(kMetadataPrefix.size()), std::string(value));
    }
  });
  return metadata;
}

}  // namespace fp4
