#pragma once

#include <filesystem>

#include "absl/status/status.h"

namespace fp4::artifacts {

// A second name of the file where both folders are on one filesystem, else a copy, synced. For
// files that are never written to. The folder of `to` is there, `to` is not.
absl::Status LinkOrCopy(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace fp4::artifacts
