#include "base/allowed_roots.h"

#include <algorithm>
#include <string>
#include <system_error>

namespace fp4 {
namespace {

namespace fs = std::filesystem;

fs::path Resolved(const fs::path& path) {
  std::error_code error;
  fs::path resolved = fs::weakly_canonical(path, error);
  if (error) resolved = path.lexically_normal();
  // "/a/" has an empty last component; "/" has not.
  return resolved.has_filename() || resolved == resolved.root_path() ? resolved
                                                                     : resolved.parent_path();
}

bool IsWithin(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

bool HasWildcard(const fs::path& part) {
  return part.native().find_first_of("*?[") != std::string::npos;
}

}  // namespace

AllowedRoots::AllowedRoots(const std::vector<fs::path>& roots) {
  for (const fs::path& root : roots) roots_.push_back(Resolved(root));
}

bool AllowedRoots::Allow(std::string_view pattern) const {
  const fs::path path(pattern);
  if (!path.is_absolute()) return false;
  const auto wildcard = std::find_if(path.begin(), path.end(), HasWildcard);
  if (std::find(wildcard, path.end(), "..") != path.end()) return false;
  fs::path fixed;
  for (auto part = path.begin(); part != wildcard; ++part) fixed /= *part;
  const fs::path resolved = Resolved(fixed);
  return std::ranges::any_of(roots_,
                             [&](const fs::path& root) { return IsWithin(resolved, root); });
}

}  // namespace fp4
