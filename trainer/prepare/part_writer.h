#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/sha256.h"

namespace fp4::trainer {

// Writes a token file under another name and gives it its own when it is whole and on the disk.
// Not thread-safe. Errors are faults of the machine and name the file.
class PartWriter {
 public:
  // What an earlier process left under the temporary name is overwritten.
  static absl::StatusOr<std::unique_ptr<PartWriter>> Create(const std::filesystem::path& path);

  PartWriter(UniqueFd fd, std::filesystem::path path, std::filesystem::path temporary)
      : fd_(std::move(fd)), path_(std::move(path)), temporary_(std::move(temporary)) {}
  // Removes what was not finished.
  ~PartWriter();

  absl::Status Append(std::span<const uint16_t> ids);
  int64_t num_tokens() const { return num_tokens_; }

  // The file's sha256. Nothing may be called afterwards.
  absl::StatusOr<std::string> Finish();

 private:
  UniqueFd fd_;
  const std::filesystem::path path_, temporary_;
  Sha256 sha_;
  int64_t num_tokens_ = 0;
};

}  // namespace fp4::trainer
