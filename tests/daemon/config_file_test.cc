#include "daemon/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace fp4::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<KnownFlag> kFlags = {
    {"listen"}, {"allow-path"}, {"min-free-mib"}, {"insecure", /*takes_value=*/false}};

class ConfigFileTest : public ::testing::Test {
 protected:
  absl::StatusOr<CommandLine> Read(const std::string& text, std::vector<const char*> more = {}) {
    EXPECT_EQ(ReplaceFile(file_, text), absl::OkStatus());
    std::vector<const char*> argv = {"program", "--config", file_.c_str()};
    argv.insert(argv.end(), more.begin(), more.end());
    return ReadCommandLine(static_cast<int>(argv.size()), argv.data(), kFlags);
  }
  std::string ErrorOf(const std::string& text) {
    return std::string(Read(text).status().message());
  }

  const std::string file_ = ::testing::TempDir() + "/config_file_test.json";
};

TEST_F(ConfigFileTest, FieldsBecomeFlagsBeforeThoseOfTheCommandLine) {
  const auto line = Read(R"({
      // who may come
      "listen": "127.0.0.1:1", "allow-path": ["/a", "/b"], "min-free-mib": 7, "insecure": true})",
                         {"--data-dir", "d"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_THAT(line->arguments,
              ElementsAre("--listen=127.0.0.1:1", "--allow-path=/a", "--allow-path=/b",
                          "--min-free-mib=7", "--insecure", "--data-dir", "d"));
  EXPECT_THAT(Read(R"({"insecure": false})")->arguments, ElementsAre());
}

TEST_F(ConfigFileTest, AFlagOnTheCommandLineWinsOverTheFile) {
  const auto line = Read(R"({"listen": "127.0.0.1:1", "allow-path": "/a"})",
                         {"--listen=127.0.0.1:2", "--allow-path", "/c"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_THAT(line->arguments, ElementsAre("--listen=127.0.0.1:2", "--allow-path", "/c"));
}

TEST_F(ConfigFileTest, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_THAT(ErrorOf("{\n  \"lisetn\": 1}"), HasSubstr(file_ + ":2:3: "));
  EXPECT_THAT(ErrorOf(R"({"lisetn": 1})"), HasSubstr("did you mean 'listen'"));
  EXPECT_THAT(ErrorOf(R"({"insecure": 1})"), HasSubstr(":1:14: insecure: is 1; allowed: true"));
  EXPECT_THAT(ErrorOf(R"({"listen": {}})"), HasSubstr(":1:12: listen: is "));
  EXPECT_THAT(ErrorOf(R"({"listen": "a", "listen": "b"})"), HasSubstr("listen"));
  EXPECT_THAT(ErrorOf("{\n\"listen\" \"a\"}"), HasSubstr(file_ + ":2:"));
  EXPECT_THAT(ErrorOf("[1]"), HasSubstr("an object of settings"));
}

TEST_F(ConfigFileTest, AParsersComplaintGetsThePlaceOfItsFlag) {
  const auto line = Read("{\n \"min-free-mib\": -1}");
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->WithPlace("--min-free-mib: -1 not in range"),
            file_ + ":2:18: --min-free-mib: -1 not in range");
  EXPECT_EQ(line->WithPlace("--data-dir is required"), "--data-dir is required");
}

TEST_F(ConfigFileTest, AFileThatIsMissingIsAnErrorWithItsName) {
  const char* argv[] = {"program", "--config=/nowhere/at/all.json"};
  EXPECT_THAT(ReadCommandLine(2, argv, kFlags).status().ToString(),
              HasSubstr("/nowhere/at/all.json"));
}

}  // namespace
}  // namespace fp4::daemon
