#include "base/version.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/client/support/command_fixture.h"

namespace fp4::client {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

using VersionTest = CommandFixture;

TEST_F(VersionTest, TellsTheRevisionAndTheLibraries) {
  Command text = Run({"version"});
  EXPECT_EQ(text.Wait(), 0) << text.err();
  EXPECT_THAT(text.out(), StartsWith("fp4ctl " + std::string(Version()) + " ("));
  EXPECT_THAT(text.out(), HasSubstr("\ngrpc "));

  Command command = Run({"version", "-o", "json"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  const auto json = nlohmann::json::parse(command.out());
  EXPECT_EQ(json["version"], std::string(Version()));
  EXPECT_FALSE(json["git_revision"].get<std::string>().empty());
  for (const char* library : {"grpc", "protobuf", "abseil", "compiler"}) {
    EXPECT_THAT(json[library].get<std::string>(), MatchesRegex("[0-9]+.*")) << library;
  }
}

}  // namespace
}  // namespace fp4::client
