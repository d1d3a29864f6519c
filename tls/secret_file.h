// Files that only their owner may read: tokens and keys.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fp4::tls {

// The whole file, without blanks and newlines at its ends. PERMISSION_DENIED: others may read or
// change it, or it is no regular file; the system's error when it cannot be read.
absl::StatusOr<std::string> ReadSecretFile(const std::filesystem::path& path);

// Makes the file with mode 0600. ALREADY_EXISTS: there is one.
absl::Status MakeSecretFile(const std::filesystem::path& path, std::string_view content);
// The same; one that is there is replaced at one moment.
absl::Status ReplaceSecretFile(const std::filesystem::path& path, std::string_view content);

}  // namespace fp4::tls
