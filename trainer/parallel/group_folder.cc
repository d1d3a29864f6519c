#include "trainer/parallel/group_folder.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/faults.h"
#include "base/file.h"
#include "base/reasons.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

namespace fs = std::filesystem;

absl::Status Replace(const fs::path& file, const std::string& text) {
  return MachineFault(ReplaceFile(file, text));
}

}  // namespace

absl::Status GroupFolder::Make(const GroupChoices& choices) const {
  std::error_code error;
  fs::remove_all(folder_, error);
  if (fs::create_directories(folder_, error); error)
    return MachineFault(ErrnoStatus(error.value(), absl::StrCat("make ", folder_.string())));
  const nlohmann::ordered_json json = {
      {"leader", choices.leader},           {"document_sha256", choices.document_sha256},
      {"data_sha256", choices.data_sha256}, {"compute_dtype", choices.compute_dtype},
      {"cpu_threads", choices.cpu_threads}, {"resume_from", choices.resume_from}};
  return Replace(folder_ / "choices.json", json.dump());
}

absl::StatusOr<GroupChoices> GroupFolder::ReadChoices() const {
  const fs::path file = folder_ / "choices.json";
  FP4_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  GroupChoices choices;
  try {
    const auto json = nlohmann::json::parse(text);
    json.at("leader").get_to(choices.leader);
    json.at("document_sha256").get_to(choices.document_sha256);
    json.at("data_sha256").get_to(choices.data_sha256);
    json.at("compute_dtype").get_to(choices.compute_dtype);
    json.at("cpu_threads").get_to(choices.cpu_threads);
    json.at("resume_from").get_to(choices.resume_from);
  } catch (const nlohmann::json::exception& error) {
    return MachineFault(absl::InternalError(absl::StrCat(file.string(), ": ", error.what())));
  }
  return choices;
}

void GroupFolder::Remove() const {
  std::error_code error;
  fs::remove_all(folder_, error);
}

fs::path GroupFolder::Of(const char* what, int64_t rank) const {
  return folder_ / absl::StrCat(what, "-", rank);
}

absl::Status GroupFolder::SayReady(int64_t rank) const { return Replace(Of("ready", rank), ""); }

bool GroupFolder::IsReady(int64_t rank) const {
  std::error_code error;
  return fs::exists(Of("ready", rank), error);
}

void GroupFolder::SayLastWords(int64_t rank, const absl::Status& error, bool only_lost) const {
  const nlohmann::ordered_json json = {{"code", static_cast<int>(error.code())},
                                       {"reason", ReasonOf(error).value_or("")},
                                       {"message", std::string(error.message())},
                                       {"only_lost", only_lost}};
  // Where they cannot be written, the first process still sees that this one has ended.
  ReplaceFile(Of("words", rank),
              json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
      .IgnoreError();
}

std::optional<GroupFolder::LastWords> GroupFolder::ReadLastWords(int64_t rank) const {
  const absl::StatusOr<std::string> text = ReadFile(Of("words", rank));
  if (!text.ok()) return std::nullopt;
  const auto json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  const auto code = static_cast<absl::StatusCode>(json.value("code", 0));
  const std::string reason = json.value("reason", ""), message = json.value("message", "");
  return LastWords{
      reason.empty() ? absl::Status(code, message) : ErrorWithReason(code, reason, message),
      json.value("only_lost", false)};
}

}  // namespace fp4::trainer
