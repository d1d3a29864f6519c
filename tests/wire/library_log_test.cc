#include "wire/library_log.h"

#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <nlohmann/json.hpp>

namespace fp4::wire {
namespace {

TEST(RouteLibraryLogs, TheLibrariesLinesAreLinesOfOurLog) {
  RouteLibraryLogs();
  testing::internal::CaptureStderr();
  gpr_log(GPR_ERROR, "socket \"%d\" broke", 7);
  GOOGLE_LOG(ERROR) << "not UTF-8: \xff";
  std::istringstream log(testing::internal::GetCapturedStderr());
  std::vector<std::string> messages;
  for (std::string line; std::getline(log, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(json.is_object()) << line;
    EXPECT_EQ(json["severity"], "warning");
    EXPECT_NE(json["detail"], "");
    messages.push_back(json["message"]);
  }
  EXPECT_THAT(messages, testing::ElementsAre("grpc", "protobuf"));
}

}  // namespace
}  // namespace fp4::wire
