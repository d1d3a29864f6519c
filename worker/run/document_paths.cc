#include "worker/run/document_paths.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace fp4::worker {
namespace {

using Json = nlohmann::ordered_json;

// (field, path), of a document in canonical form: this worker's controller has read and checked it.
std::vector<std::pair<std::string, std::string>> PathsOf(const Json& document) {
  std::vector<std::pair<std::string, std::string>> paths;
  const Json data = document.value("data", Json::object());
  for (const char* list : {"paths", "validation_paths"}) {
    for (const Json& path : data.value(list, Json::array())) {
      paths.emplace_back(absl::StrCat("data.", list), path.get<std::string>());
    }
  }
  if (std::string tokenizer = data.value("tokenizer", "bytes"); tokenizer != "bytes") {
    paths.emplace_back("data.tokenizer", tokenizer);
  }
  const Json model = document.value("model", Json::object());
  if (std::string weights = model.value("initialize_from", ""); !weights.empty()) {
    paths.emplace_back("model.initialize_from", weights);
  }
  return paths;
}

}  // namespace

absl::Status CheckDocumentPaths(std::string_view run_document, const AllowedRoots& allowed) {
  try {
    for (const auto& [field, path] : PathsOf(Json::parse(run_document))) {
      if (allowed.Allow(path)) continue;
      return absl::PermissionDeniedError(absl::StrCat(
          field, ": '", path,
          "' is outside the folders that this worker allows; see --allow-path of fp4-worker"));
    }
    return absl::OkStatus();
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("the run's document: ", error.what()));
  }
}

}  // namespace fp4::worker
