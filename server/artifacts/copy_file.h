#pragma once

#include <filesystem>

#include "absl/status/status.h"

namespace fp4::artifacts {

// A second name of the file where both folders are on one filesystem, else a copy, synced. For
// files that are never written to. The folder of `to` is there, `to` is not.
absl::Status LinkOrCopy(const std::filesystem::path& from, const std::filesystem::path& to);

// Makes the folder and those above it, where they are absent.
absl::Status MakeFolder(const std::filesystem::path& folder);

}  // namespace fp4::artifacts
