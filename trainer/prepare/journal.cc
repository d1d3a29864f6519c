#include "trainer/prepare/journal.h"

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kLayout = 1;

Json PartJson(const PreparedPart& part) {
  return {{"file", part.file},
          {"documents", part.documents},
          {"tokens", part.tokens},
          {"sha256", part.sha256},
          {"end", {{"file", part.end.file}, {"offset", part.end.offset}, {"line", part.end.line}}}};
}

PreparedPart PartOf(const Json& json) {
  const Json& end = json.at("end");
  return {.file = json.at("file"),
          .documents = json.at("documents"),
          .tokens = json.at("tokens"),
          .sha256 = json.at("sha256"),
          .end = {.file = end.at("file"), .offset = end.at("offset"), .line = end.at("line")}};
}

// The place of the first difference, and both values there.
std::string FirstDifference(const Json& begun, const Json& asked) {
  for (const auto& [name, value] : begun.items()) {
    if (!asked.contains(name))
      return absl::StrCat(name, " was ", value.dump(), ", now there is none");
    if (asked.at(name) != value)
      return absl::StrCat(name, " was ", value.dump(), ", now ", asked.at(name).dump());
  }
  return "something was added";
}

}  // namespace

absl::StatusOr<std::optional<Journal>> ReadJournal(const std::filesystem::path& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) return std::optional<Journal>();
  FP4_RETURN_IF_ERROR(text.status());
  try {
    const Json json = Json::parse(*text);
    if (json.at("layout") != kLayout)
      return absl::InvalidArgumentError(absl::StrCat(path.string(), ": is of another layout"));
    Journal journal;
    journal.made_of = json.at("made_of");
    journal.tokenizer_sha256 = json.at("tokenizer_sha256");
    for (const Json& part : json.at("parts")) journal.parts.push_back(PartOf(part));
    journal.complete = json.at("complete");
    return std::optional(std::move(journal));
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), ": ", error.what()));
  }
}

absl::Status WriteJournal(const std::filesystem::path& path, const Journal& journal) {
  Json parts = Json::array();
  for (const PreparedPart& part : journal.parts) parts.push_back(PartJson(part));
  const Json json = {{"layout", kLayout},
                     {"complete", journal.complete},
                     {"made_of", journal.made_of},
                     {"tokenizer_sha256", journal.tokenizer_sha256},
                     {"parts", std::move(parts)}};
  return WriteFileDurably(path, json.dump(1) + "\n");
}

absl::Status CheckSame(const Json& begun, const Json& asked, const std::filesystem::path& folder) {
  if (begun == asked) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(folder.string(), " holds another preparation: ", FirstDifference(begun, asked),
                   "; take another --output, or remove it"));
}

}  // namespace fp4::trainer
