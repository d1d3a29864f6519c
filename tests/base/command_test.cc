#include "base/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fp4 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr absl::Duration kLong = absl::Seconds(60);

TEST(RunCommand, GivesBothOutputsAndTheStatus) {
  const auto result = RunCommand({"sh", "-c", "cat; echo no >&2; exit 3"}, "in", kLong);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->out, "in");
  EXPECT_EQ(result->err, "no\n");
  EXPECT_EQ(result->exit_status, 3);
}

TEST(RunCommand, DeathBySignalIsAStatusAbove128) {
  EXPECT_EQ(RunCommand({"sh", "-c", "kill -9 $$"}, "", kLong)->exit_status, 128 + 9);
}

// More than pipes hold, both ways at once.
TEST(RunCommand, LargeInputAndOutputDoNotBlockEachOther) {
  const std::string input(900'000, 'x');
  EXPECT_EQ(RunCommand({"cat"}, input, kLong)->out, input);
}

TEST(RunCommand, OfTheOutputTheFirstMebibyteIsKept) {
  EXPECT_EQ(RunCommand({"cat"}, std::string(3 << 20, 'x'), kLong)->out.size(), 1u << 20);
}

TEST(RunCommand, ProgramThatDoesNotReadItsInputIsNoError) {
  EXPECT_EQ(RunCommand({"true"}, std::string(1 << 20, 'x'), kLong)->exit_status, 0);
}

TEST(RunCommand, ProgramThatTakesTooLongIsKilledWithItsChildren) {
  const auto result =
      RunCommand({"sh", "-c", "sleep 600 & sleep 600"}, "", absl::Milliseconds(200));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(result.status().message(), HasSubstr("sh did not end within 200ms"));
}

TEST(RunCommand, MissingProgramIsNamed) {
  const auto result = RunCommand({"no-such-program-anywhere"}, "", kLong);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(result.status().message(), HasSubstr("no-such-program-anywhere"));
}

TEST(SplitWords, AsAShellTakesThemApart) {
  EXPECT_THAT(*SplitWords("  --a=1   'b c' \"d 'e'\" f\\ g '' "),
              ElementsAre("--a=1", "b c", "d 'e'", "f g", ""));
  EXPECT_THAT(*SplitWords(" \t "), IsEmpty());
  EXPECT_THAT(*SplitWords("'a\\b'"), ElementsAre("a\\b"));
}

TEST(SplitWords, QuoteWithoutAnEndIsAnError) {
  EXPECT_THAT(SplitWords("a 'b").status().message(), HasSubstr("a quote ' does not end"));
}

}  // namespace
}  // namespace fp4
