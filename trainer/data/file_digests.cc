#include "trainer/data/file_digests.h"

#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "base/sha256.h"

namespace fp4::trainer {

std::string DigestOfFiles(std::span<const std::string> sha256s) {
  if (sha256s.size() == 1) return sha256s.front();
  Sha256 sha;
  for (const std::string& digest : sha256s) sha.Update(digest + "\n");
  return sha.HexDigest();
}

std::string WarningOfSharedFiles(std::span<const std::string> training,
                                 std::span<const std::string> validation) {
  const std::unordered_set<std::string> trained(training.begin(), training.end());
  int64_t num_shared = 0;
  for (const std::string& sha256 : validation) num_shared += trained.contains(sha256);
  if (num_shared == 0) return "";
  return absl::StrCat(num_shared, " of ", validation.size(),
                      " validation files are trained on too, so val/loss also measures memory");
}

}  // namespace fp4::trainer
