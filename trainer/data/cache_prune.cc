#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <tuple>
#include <vector>

#include "base/file.h"
#include "trainer/data/cache_writer.h"
#include "trainer/data/token_cache.h"

namespace fp4::trainer {
namespace {

struct CacheFile {
  std::filesystem::path path;
  int64_t bytes = 0;
  timespec used{};  // when a run opened it last
};

// Unless a process has it open: readers and writers hold a lock.
bool RemoveUnused(const std::filesystem::path& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return fd.valid() && flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && unlink(path.c_str()) == 0;
}

bool UsedEarlier(const CacheFile& a, const CacheFile& b) {
  return std::tie(a.used.tv_sec, a.used.tv_nsec) < std::tie(b.used.tv_sec, b.used.tv_nsec);
}

}  // namespace

void PruneCache(const std::filesystem::path& folder, int64_t most_bytes) {
  std::vector<CacheFile> files;
  int64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.find(kCacheTemporary) != std::string::npos) {
      RemoveUnused(entry.path());
    } else if (struct stat attributes{};
               name.ends_with(kCacheSuffix) && lstat(entry.path().c_str(), &attributes) == 0) {
      files.push_back({entry.path(), attributes.st_size, attributes.st_atim});
      bytes += attributes.st_size;
    }
  }
  std::ranges::sort(files, UsedEarlier);
  for (const CacheFile& file : files) {
    if (bytes <= most_bytes) return;
    if (RemoveUnused(file.path)) bytes -= file.bytes;
  }
}

}  // namespace fp4::trainer
