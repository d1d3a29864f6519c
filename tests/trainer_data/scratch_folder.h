#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace fp4::trainer {

// A test with a folder of its own, gone afterwards.
class ScratchFolderTest : public testing::Test {
 protected:
  ScratchFolderTest() {
    std::string pattern = testing::TempDir() + "fp4-data-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~ScratchFolderTest() override { std::filesystem::remove_all(folder_); }

  // The absolute path of the file written.
  std::string Write(const std::string& name, std::string_view content) {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }

  std::string WriteTokens(const std::string& name, const std::vector<uint16_t>& ids) {
    return Write(name, {reinterpret_cast<const char*>(ids.data()), 2 * ids.size()});
  }

  std::filesystem::path folder_;
};

// For absl::Status and StatusOr alike.
MATCHER_P2(FailsWith, code, text, "") {
  const absl::Status status = [&] {
    if constexpr (std::is_same_v<std::decay_t<decltype(arg)>, absl::Status>)
      return arg;
    else
      return arg.status();
  }();
  *result_listener << status.ToString();
  return status.code() == code &&
         testing::Matches(testing::HasSubstr(text))(std::string(status.message()));
}

inline constexpr absl::StatusCode kInvalidArgument = absl::StatusCode::kInvalidArgument;
inline constexpr absl::StatusCode kNotFound = absl::StatusCode::kNotFound;

}  // namespace fp4::trainer
