#pragma once

#include <filesystem>
#include <vector>

namespace fp4::trainer {

// Where a user's tokenized files are kept between runs: fp4lab in $XDG_CACHE_HOME, else in
// $HOME/.cache; none where neither is an absolute path.
std::vector<std::filesystem::path> UserCacheFolders();

}  // namespace fp4::trainer
