// Reading what a user names, which may be a device or a pipe without an end.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fp4 {

// At most the first `max_bytes` of the file; no more is read. Ask for one more byte than is allowed
// to learn that there is too much. Errors as of ReadFile.
absl::StatusOr<std::string> ReadFileStart(const std::filesystem::path& path, size_t max_bytes);

// The same of an open descriptor, whose name in errors is `name`. It stays open.
absl::StatusOr<std::string> ReadStart(int fd, std::string_view name, size_t max_bytes);

}  // namespace fp4
