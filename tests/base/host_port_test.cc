#include "base/host_port.h"

#include <gmock/gmock.h>

namespace fp4 {
namespace {

using ::testing::HasSubstr;

TEST(HostPort, ReadsBackWhatItPrints) {
  for (const char* text : {"127.0.0.1:4404", "localhost:0", "[::1]:65535", "node-7.example:80"}) {
    const auto address = ParseHostPort(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
}

TEST(HostPort, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"localhost", "no port"},        {":80", "no host"},     {"a:", "0 to 65535"},
      {"a:65536", "0 to 65535"},       {"a:8x", "0 to 65535"}, {"a:-1", "0 to 65535"},
      {"::1:80", "stands in brackets"}};
  for (const auto& [text, problem] : cases) {
    const absl::Status status = ParseHostPort(text).status();
    EXPECT_THAT(status.ToString(), HasSubstr(std::string("'") + text + "'"));
    EXPECT_THAT(status.ToString(), HasSubstr(problem));
  }
}

TEST(HostPort, KnowsLoopback) {
  for (const char* host : {"127.0.0.1", "127.8.9.1", "::1", "localhost"}) {
    EXPECT_TRUE((HostPort{host, 1}).IsLoopback()) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "localhost.example"}) {
    EXPECT_FALSE((HostPort{host, 1}).IsLoopback()) << host;
  }
}

}  // namespace
}  // namespace fp4
