#include "worker/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fp4::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

absl::StatusOr<std::optional<Options>> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "fp4-worker");
  return ParseOptions(static_cast<int>(arguments.size()), arguments.data());
}

TEST(OptionsTest, DefaultsServeThisMachine) {
  const Options options = **Parse({"--work-dir", "w"});
  EXPECT_EQ(options.controller.ToString(), "127.0.0.1:4404");
  EXPECT_EQ(options.http.ToString(), "127.0.0.1:4406");
  EXPECT_TRUE(options.work_dir.is_absolute());
  EXPECT_EQ(options.trainer.filename(), "fp4-train");
  EXPECT_EQ(options.keep_finished, absl::Hours(24));
  EXPECT_THAT(options.allowed_paths, ElementsAre("/"));
}

TEST(OptionsTest, ControllerElsewhereNeedsInsecureAndThenAllowsNoPaths) {
  EXPECT_THAT(Parse({"--work-dir", "w", "--controller", "10.0.0.1:4404"}).status().ToString(),
              HasSubstr("--controller: 10.0.0.1:4404 is beyond this machine"));
  const Options options =
      **Parse({"--work-dir", "w", "--controller", "10.0.0.1:4404", "--insecure"});
  EXPECT_THAT(options.allowed_paths, IsEmpty());
}

TEST(OptionsTest, TlsReachesAControllerElsewhereWithoutInsecure) {
  const Options options = **Parse({"--work-dir", "w", "--controller", "10.0.0.1:4404",
                                   "--tls-authority", "a.pem", "--token-file", "t"});
  EXPECT_EQ(options.security.authority, "a.pem");
  EXPECT_EQ(options.security.token, "t");
  EXPECT_THAT(options.allowed_paths, IsEmpty());
}

TEST(OptionsTest, BadValuesAreNamed) {
  const std::pair<std::vector<const char*>, const char*> cases[] = {
      {{}, "--work-dir is required"},
      {{"--work-dir", "w", "--slots", "0"}, "--slots"},
      {{"--work-dir", "w", "--slots", "two"}, "two"},
      {{"--work-dir", "w", "--http", "nowhere"}, "--http: "},
      {{"--work-dir", "w", "--http", "0.0.0.0:1"}, "--http: 0.0.0.0:1 is beyond"},
      {{"--work-dir", "w", "--grace", "soon"}, "--grace: 'soon' is not a duration from 0"},
      {{"--work-dir", "w", "--grace", "inf"}, "--grace: 'inf' is not a duration"},
      {{"--work-dir", "w", "--keep-finished", "-1s"}, "--keep-finished: '-1s'"},
      {{"--work-dir", "w", "--trainer-user", "nobody-here"}, "--trainer-user: "},
      {{"--no-such-flag"}, "--no-such-flag"}};
  for (const auto& [arguments, words] : cases) {
    EXPECT_THAT(Parse(arguments).status().ToString(), HasSubstr(words));
  }
}

}  // namespace
}  // namespace fp4::worker
