#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/stop_check.h"

namespace fp4 {

// SHA-256 (FIPS 180-4), fed piece by piece. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void Update(std::string_view data);
  // The digest as 64 lower-case hexadecimal digits; the object is spent.
  std::string HexDigest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(std::string_view data);

// Of a whole file. The system's error with the path; CANCELLED when `stop` asked for it underway.
absl::StatusOr<std::string> Sha256HexOfFile(const std::filesystem::path& path,
                                            const StopCheck& stop = NeverStop);

}  // namespace fp4
