#include "trainer/run/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/trainer_exit.h"

namespace fp4::trainer {
namespace {

struct Parsed {
  std::optional<Options> options;
  int exit_code = -1;
  std::string error;
};

Parsed Parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"fp4-train", "run.json", "--run-dir", "run"});
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  Parsed parsed;
  testing::internal::CaptureStderr();
  parsed.options = ParseCommandLine(static_cast<int>(argv.size()), argv.data(), parsed.exit_code);
  parsed.error = testing::internal::GetCapturedStderr();
  return parsed;
}

TEST(OptionsTest, NumbersUpToTheLimitsOfTheirTypesAreTaken) {
  const Parsed parsed = Parse({"--seed", "18446744073709551615", "--attempt", "2147483647",
                               "--next-seq", "9223372036854775807"});
  ASSERT_TRUE(parsed.options) << parsed.error;
  EXPECT_EQ(parsed.options->seed, 18446744073709551615u);
  EXPECT_EQ(parsed.options->attempt, 2147483647);
  EXPECT_EQ(parsed.options->next_seq, 9223372036854775807);
}

TEST(OptionsTest, WhatBelongsToTrainingDoesNotGoWithAnEvaluation) {
  const Parsed parsed = Parse({"--evaluate", "checkpoint"});
  EXPECT_FALSE(parsed.options);
  EXPECT_EQ(parsed.exit_code, kExitBadDocument);
  EXPECT_THAT(parsed.error, testing::HasSubstr("--run-dir excludes --evaluate"));
}

TEST(OptionsTest, AFormOfTheOutputIsForEvaluations) {
  EXPECT_THAT(Parse({"--output", "json"}).error, testing::HasSubstr("requires --evaluate"));
}

TEST(OptionsTest, OtherNumbersAreRefusedAndShownAsTyped) {
  struct Row {
    const char *option, *value, *allowed;
  };
  const Row rows[] = {
      {"--seed", "-1", "from 0 to 18446744073709551615"},
      {"--seed", "18446744073709551616", "from 0 to 18446744073709551615"},
      {"--seed", "99999999999999999999999", "from 0 to"},
      {"--seed", "1.5", "from 0 to"},
      {"--seed", "1x", "from 0 to"},
      {"--seed", "0x10", "from 0 to"},
      {"--attempt", "0", "from 1 to 2147483647"},
      {"--attempt", "2147483648", "from 1 to 2147483647"},
      {"--attempt", "-3", "from 1 to"},
      {"--next-seq", "0", "from 1 to 9223372036854775807"},
      {"--next-seq", "9223372036854775808", "from 1 to 9223372036854775807"},
  };
  for (const Row& row : rows) {
    const Parsed parsed = Parse({std::string(row.option) + "=" + row.value});
    EXPECT_FALSE(parsed.options) << row.option << " " << row.value;
    EXPECT_EQ(parsed.exit_code, kExitBadDocument);
    EXPECT_THAT(parsed.error, testing::HasSubstr(std::string("'") + row.value + "'"));
    EXPECT_THAT(parsed.error, testing::HasSubstr(row.option));
    EXPECT_THAT(parsed.error, testing::HasSubstr(row.allowed));
  }
}

}  // namespace
}  // namespace fp4::trainer
