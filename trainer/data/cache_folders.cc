#include "trainer/data/cache_folders.h"

#include <cstdlib>

namespace fp4::trainer {

std::vector<std::filesystem::path> UserCacheFolders() {
  using std::filesystem::path;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return {path(cache) / "fp4lab"};
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return {path(home) / ".cache" / "fp4lab"};
  return {};
}

std::vector<std::filesystem::path> CacheFolders(const std::filesystem::path& run_dir) {
  std::vector<std::filesystem::path> folders = UserCacheFolders();
  folders.push_back(run_dir / "cache");
  return folders;
}

}  // namespace fp4::trainer
