#include "client/data_files.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>

#include "absl/strings/str_cat.h"
#include "client/render/text.h"
#include "spec/json.h"

namespace fp4::client {
namespace {

// Path -> field.
std::map<std::string, std::string> PathsOf(const spec::Experiment& experiment) {
  std::map<std::string, std::string> paths;
  for (const spec::Variant& variant : experiment.variants) {
    const spec::RunSpec& run = variant.run;
    for (const std::string& path : run.data.paths) paths.emplace(path, "data.paths");
    for (const std::string& path : run.data.validation_paths) {
      paths.emplace(path, "data.validation_paths");
    }
    if (run.data.tokenizer != "bytes") paths.emplace(run.data.tokenizer, "data.tokenizer");
    if (!run.model.initialize_from.empty()) {
      paths.emplace(run.model.initialize_from, "model.initialize_from");
    }
  }
  return paths;
}

// As the trainer takes it: a path that exists as it is written, else a pattern of the shell.
bool Exists(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) return true;
  glob_t found{};
  // What glob calls has no argument of its own.
  static thread_local bool unreadable;
  unreadable = false;
  const int result = glob(
      path.c_str(), GLOB_NOSORT,
      [](const char*, int error) {
        if (error == EACCES) unreadable = true;
        return 0;
      },
      &found);
  // Folders that match do not count.
  const bool any = result == 0 && std::any_of(found.gl_pathv, found.gl_pathv + found.gl_pathc,
                                              [](const char* match) {
                                                std::error_code error;
                                                return !std::filesystem::is_directory(match, error);
                                              });
  globfree(&found);
  return any || unreadable;
}

// The text in the document that names `path`; null when there is none.
const spec::Node* FindText(const spec::Node& node, const std::string& path,
                           const std::filesystem::path& folder) {
  if (node.kind == spec::Node::Kind::kString) {
    const bool same = node.text == path || (folder / node.text).lexically_normal() == path;
    return same && !node.text.empty() ? &node : nullptr;
  }
  for (const spec::Node& item : node.items) {
    if (const spec::Node* found = FindText(item, path, folder)) return found;
  }
  for (const spec::Member& member : node.members) {
    if (const spec::Node* found = FindText(member.value, path, folder)) return found;
  }
  return nullptr;
}

}  // namespace

std::vector<MissingFile> FindMissingFiles(const spec::Experiment& experiment,
                                          const DocumentInput& document) {
  std::vector<MissingFile> missing;
  for (const auto& [path, field] : PathsOf(experiment)) {
    if (!Exists(path)) missing.push_back({.field = field, .path = path});
  }
  if (missing.empty()) return missing;
  const spec::ParsedJson parsed = spec::ParseJson(document.text);
  for (MissingFile& one : missing) {
    const spec::Node* text = FindText(parsed.root, one.path, document.folder);
    if (text == nullptr) continue;
    one.line = text->place.line;
    one.column = text->place.column;
  }
  return missing;
}

std::string Describe(const MissingFile& missing, const std::string& document_name,
                     const std::string& severity, const std::string& what) {
  const std::string place =
      missing.line > 0 ? absl::StrCat(":", missing.line, ":", missing.column) : "";
  return absl::StrCat(document_name, place, ": ", severity, ": ", missing.field, ": '",
                      Printable(missing.path), "' ", what);
}

}  // namespace fp4::client
