#pragma once

#include <filesystem>
#include <vector>

namespace fp4::trainer {

// Where a user's tokenized files are kept between runs: fp4lab in $XDG_CACHE_HOME, else in
// $HOME/.cache; none where neither is an absolute path.
std::vector<std::filesystem::path> UserCacheFolders();

// Those, and one in the run's own folder for where they cannot be used.
std::vector<std::filesystem::path> CacheFolders(const std::filesystem::path& run_dir);

}  // namespace fp4::trainer
