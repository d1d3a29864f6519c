#include "trainer/data/file_patterns.h"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "base/faults.h"
#include "base/reasons.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

absl::StatusOr<std::vector<std::string>> ExpandPattern(const std::string& pattern,
                                                       const std::string& field) {
  std::error_code error;
  if (std::filesystem::exists(pattern, error)) return std::vector<std::string>{pattern};
  if (pattern.find("**") != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": '", pattern, "': ** is not supported; * stays within one folder"));
  }
  glob_t found = {};
  const int result = glob(pattern.c_str(), GLOB_ERR | GLOB_NOSORT, nullptr, &found);
  const int glob_errno = errno;
  std::vector<std::string> files;
  for (size_t i = 0; i < found.gl_pathc; ++i) {
    if (!std::filesystem::is_directory(found.gl_pathv[i], error)) {
      files.push_back(found.gl_pathv[i]);
    }
  }
  globfree(&found);
  if (result == GLOB_ABORTED) {
    return NamedFileStatus(glob_errno,
                           absl::StrCat(field, ": reading folders for '", pattern, "'"));
  }
  if (files.empty()) {
    return ErrorWithReason(absl::StatusCode::kNotFound, reason::kDataMissing,
                           absl::StrCat(field, ": '", pattern, "' matches no file"));
  }
  std::sort(files.begin(), files.end());  // std::string compares bytes
  return files;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ExpandPatterns(std::span<const std::string> patterns,
                                                        std::string_view field) {
  const std::string where(field);
  if (patterns.empty()) return absl::InvalidArgumentError(absl::StrCat(where, ": names no file"));
  std::vector<std::string> all;
  std::unordered_set<std::string> seen;
  for (const std::string& pattern : patterns) {
    FP4_ASSIGN_OR_RETURN(std::vector<std::string> files, ExpandPattern(pattern, where));
    for (std::string& file : files) {
      std::error_code error;
      const std::string canonical = std::filesystem::canonical(file, error).string();
      if (seen.insert(error ? file : canonical).second) all.push_back(std::move(file));
    }
  }
  return all;
}

}  // namespace fp4::trainer
