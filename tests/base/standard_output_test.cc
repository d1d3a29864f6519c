#include "base/standard_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <iostream>
#include <string>

namespace fp4 {
namespace {

struct Outcome {
  int status = 0;
  std::string err;
};

// `body` as a program of its own, after `prepare` has set its descriptors; what it returns is the
// exit status.
Outcome RunProgram(const std::function<void()>& prepare, const std::function<int()>& body) {
  int err[2];
  EXPECT_EQ(pipe(err), 0);
  std::cout.flush();
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(err[1], STDERR_FILENO);
    close(err[0]);
    close(err[1]);
    prepare();
    _exit(body());
  }
  close(err[1]);
  Outcome outcome;
  char buffer[4096];
  for (ssize_t n; (n = read(err[0], buffer, sizeof buffer)) > 0;) outcome.err.append(buffer, n);
  close(err[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  outcome.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return outcome;
}

int Print(const std::string& text, int status) {
  StandardOutput output("tool");
  std::cout << text;
  return output.Finish(status);
}

void SendOutputTo(const char* path) { dup2(open(path, O_WRONLY), STDOUT_FILENO); }

TEST(StandardOutputTest, AFullDiskIsSaidAndFails) {
  const auto outcome = RunProgram([] { SendOutputTo("/dev/full"); }, [] { return Print("x", 0); });
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "tool: write error: No space left on device\n");
}

TEST(StandardOutputTest, MoreThanTheBufferHoldsIsNotedToo) {
  const auto outcome = RunProgram([] { SendOutputTo("/dev/full"); },
                                  [] { return Print(std::string(1 << 20, 'x'), 0); });
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "tool: write error: No space left on device\n");
}

TEST(StandardOutputTest, AStatusThatSaysMoreIsKept) {
  const auto outcome = RunProgram([] { SendOutputTo("/dev/full"); }, [] { return Print("x", 4); });
  EXPECT_EQ(outcome.status, 4);
}

TEST(StandardOutputTest, AClosedOutputIsAnErrorOnlyWhenItIsUsed) {
  const auto close_output = [] { close(STDOUT_FILENO); };
  const auto used = RunProgram(close_output, [] { return Print("x", 0); });
  EXPECT_EQ(used.status, 1);
  EXPECT_EQ(used.err, "tool: write error: Bad file descriptor\n");
  EXPECT_EQ(RunProgram(close_output, [] { return Print("", 0); }).status, 0);
}

TEST(StandardOutputTest, NoFileGetsTheNumberOfAClosedOutput) {
  const auto outcome = RunProgram([] { close(STDOUT_FILENO); },
                                  [] {
                                    StandardOutput output("tool");
                                    return open("/dev/null", O_WRONLY) > STDERR_FILENO ? 7 : 8;
                                  });
  EXPECT_EQ(outcome.status, 7);
}

TEST(StandardOutputTest, AReaderThatHasGoneIsNoNews) {
  const auto break_pipe = [] {
    int ends[2];
    (void)!pipe(ends);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
  };
  const auto outcome = RunProgram(break_pipe, [] { return Print("x", 0); });
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "");
}

TEST(StandardOutputTest, WhatIsWrittenArrivesInOrder) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const auto outcome = RunProgram([&] { dup2(ends[1], STDOUT_FILENO); },
                                  [] {
                                    StandardOutput output("tool");
                                    std::cout << "a" << std::flush << "b" << 3 << '\n';
                                    return output.Finish(0);
                                  });
  close(ends[1]);
  char buffer[16];
  const ssize_t n = read(ends[0], buffer, sizeof buffer);
  close(ends[0]);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(std::string(buffer, n), "ab3\n");
}

}  // namespace
}  // namespace fp4
