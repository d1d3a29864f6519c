// The folders that documents may name files in: --allow-path of the daemons.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace fp4 {

// Immutable after construction, thread-safe.
class AllowedRoots {
 public:
  // Symbolic links in the roots are resolved here, once. No roots: nothing is allowed.
  explicit AllowedRoots(const std::vector<std::filesystem::path>& roots);

  // Whether every file that `pattern` (a path, maybe with *, ? or [) can name lies under a root: it
  // is absolute, its part before the first wildcard is inside with links followed as far as they
  // exist now, and no ".." comes after.
  bool Allow(std::string_view pattern) const;

 private:
  std::vector<std::filesystem::path> roots_;
};

}  // namespace fp4
