#include "base/log_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "base/log.h"

namespace fp4 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// In a process of its own, for the log of a process stays where it was sent.
template <typename Body>
void InChild(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(LogFileTest, WhatIsLoggedAfterTheFileWasMovedGoesToANewOne) {
  const std::filesystem::path file = ::testing::TempDir() + "/log_file_test.log";
  const std::filesystem::path moved = file.string() + ".1";
  std::filesystem::remove(file);
  InChild([&] {
    EXPECT_EQ(LogToFile(file), absl::OkStatus());
    LogInfo("before");
    std::filesystem::rename(file, moved);
    // It looks once a second: what comes until then may still go to the old one.
    for (int i = 0; i < 100 && !std::filesystem::exists(file); ++i) {
      LogInfo("after");
      usleep(50'000);
    }
  });
  EXPECT_THAT(ReadFile(moved).value(), HasSubstr("before"));
  EXPECT_THAT(ReadFile(file).value(), HasSubstr("after"));
  EXPECT_THAT(ReadFile(file).value(), Not(HasSubstr("before")));
}

TEST(LogFileTest, AFileThatCannotBeOpenedIsAnErrorWithItsName) {
  EXPECT_THAT(LogToFile("/nowhere/at/all.log").ToString(), HasSubstr("/nowhere/at/all.log"));
}

}  // namespace
}  // namespace fp4
