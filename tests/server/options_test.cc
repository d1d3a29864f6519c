#include "server/options.h"

#include <gmock/gmock.h>

namespace fp4::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ParsedOptions Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "fp4-controller");
  return ParseOptions(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Options, DefaultsListenOnLoopbackAndAllowEveryPath) {
  const auto options = Parse({"--data-dir", "/tmp/x"}).options;
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->data_dir, "/tmp/x");
  EXPECT_EQ(options->listen.ToString(), "127.0.0.1:4404");
  EXPECT_EQ(options->http.ToString(), "127.0.0.1:4405");
  EXPECT_EQ(options->lease_ttl, absl::Seconds(30));
  EXPECT_THAT(options->allowed_roots, ElementsAre("/"));
}

TEST(Options, AnOpenAddressNeedsInsecureAndAllowsNoPathByItself) {
  const auto options = Parse({"--data-dir", "d", "--listen", "0.0.0.0:1", "--insecure"}).options;
  ASSERT_TRUE(options.has_value());
  EXPECT_THAT(options->allowed_roots, IsEmpty());
}

TEST(Options, AllowPathIsRepeatable) {
  const auto options =
      Parse({"--data-dir", "d", "--allow-path", "/a", "--allow-path", "/b"}).options;
  ASSERT_TRUE(options.has_value());
  EXPECT_THAT(options->allowed_roots, ElementsAre("/a", "/b"));
}

TEST(Options, SchedulingFollowsTheFlags) {
  const auto options = Parse({"--data-dir", "d", "--preempt-after", "never", "--reserve-after",
                              "10s", "--project-limit", "a=4", "--project-limit", "b=0"})
                           .options;
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->policy.min_runtime, absl::InfiniteDuration());
  EXPECT_EQ(options->policy.reserve_after, absl::Seconds(10));
  EXPECT_EQ(options->policy.project_slots, (std::map<std::string, int64_t>{{"a", 4}, {"b", 0}}));
  EXPECT_EQ(Parse({"--data-dir", "d"}).options->policy.min_runtime, absl::Minutes(1));
}

TEST(Options, WrongUsageSaysWhatIsWrong) {
  const std::pair<std::vector<const char*>, const char*> cases[] = {
      {{}, "--data-dir is required"},
      {{"--data-dir", "d", "--listen", "0.0.0.0:4404"},
       "--listen: other machines can reach 0.0.0.0:4404"},
      {{"--data-dir", "d", "--http", "10.1.2.3:80"},
       "--http: other machines can reach 10.1.2.3:80"},
      {{"--data-dir", "d", "--listen", "here"}, "--listen: 'here' is not HOST:PORT"},
      {{"--data-dir", "d", "--lease-ttl", "soon"}, "--lease-ttl: 'soon' is not a duration"},
      {{"--data-dir", "d", "--lease-ttl", "1s"}, "--lease-ttl: '1s' is not a duration from 2s"},
      {{"--data-dir", "d", "--preempt-after", "soon"}, "--preempt-after: 'soon' is not a duration"},
      {{"--data-dir", "d", "--project-limit", "four"}, "--project-limit: 'four' is not NAME=SLOTS"},
      {{"--data-dir", "d", "--project-limit", "a=x"}, "--project-limit: 'a=x' is not NAME=SLOTS"},
      {{"--data-dir", "d", "--project-limit", "a=1", "--project-limit", "a=2"},
       "--project-limit: 'a' is given twice"},
      {{"--data-dir", "d", "--port", "1"}, "--port"}};
  for (const auto& [arguments, complaint] : cases) {
    testing::internal::CaptureStderr();
    const ParsedOptions parsed = Parse(arguments);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(complaint));
    EXPECT_FALSE(parsed.options.has_value());
    EXPECT_EQ(parsed.exit_code, 2);
  }
}

TEST(Options, HelpExplainsTheExitStatus) {
  testing::internal::CaptureStdout();
  const ParsedOptions parsed = Parse({"--help"});
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("Exit status:"));
  EXPECT_EQ(parsed.exit_code, 0);
  EXPECT_FALSE(parsed.options.has_value());
}

}  // namespace
}  // namespace fp4::server
