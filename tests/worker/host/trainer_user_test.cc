#include "worker/host/trainer_user.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "absl/time/clock.h"
#include "base/file.h"
#include "tests/worker/temporary_folder.h"
#include "worker/host/posix_processes.h"

namespace fp4::worker {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr char kNobody[] = "nobody";

bool IsOwn(std::string_view name) { return name == "own"; }

struct Ownership {
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0;
};

Ownership Of(const fs::path& path) {
  struct stat info {};
  EXPECT_EQ(lstat(path.c_str(), &info), 0) << path;
  return {.uid = info.st_uid, .gid = info.st_gid, .mode = info.st_mode & 07777};
}

class TrainerUserTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root may become another user";
    user_ = *FindTrainerUser(kNobody);
    chmod(folder_.path().c_str(), 0711);
    run_ = folder_.path() / "work/runs/k7x2";
    fs::create_directories(run_);
  }

  // The exit status of a shell's command as the user, and what it said.
  int Run(const std::string& command, std::string& words) {
    PosixProcesses processes({FP4_WORKER, "--run-as", kNobody});
    SpawnRequest request;
    request.arguments = {"/bin/sh", "-c", command};
    request.working_folder = folder_.path();
    request.stdout_file = folder_.path() / "out";
    request.stderr_file = folder_.path() / "err";
    for (const fs::path& file : {request.stdout_file, request.stderr_file}) fs::remove(file);
    const auto process = processes.Spawn(request);
    EXPECT_TRUE(process.ok()) << process.status();
    if (!process.ok()) return -1;
    std::optional<ProcessEnd> end;
    while (!(end = processes.Poll(*process))) absl::SleepFor(absl::Milliseconds(5));
    words = ReadFile(request.stdout_file).value_or("") + ReadFile(request.stderr_file).value_or("");
    return end->exit_code.value_or(-1);
  }

  TemporaryFolder folder_;
  TrainerUser user_;
  fs::path run_;
};

TEST_F(TrainerUserTest, OnlyAnExistingUserWithoutTheRightsOfRootMayBeNamed) {
  EXPECT_NE(user_.uid, 0u);
  EXPECT_THAT(FindTrainerUser("root").status().ToString(), HasSubstr("'root' has the rights of"));
  EXPECT_THAT(FindTrainerUser("nobody-here").status().ToString(),
              HasSubstr("no user 'nobody-here'"));
}

TEST_F(TrainerUserTest, AProgramRunsAsTheUserWithoutAWayBack) {
  std::string words;
  ASSERT_EQ(Run("id -u; id -g; grep NoNewPrivs /proc/self/status; grep CapEff /proc/self/status; "
                "echo $USER $HOME",
                words),
            0)
      << words;
  EXPECT_THAT(words, HasSubstr(std::to_string(user_.uid) + "\n" + std::to_string(user_.gid)));
  EXPECT_THAT(words, HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(words, HasSubstr("CapEff:\t0000000000000000"));
  EXPECT_THAT(words, HasSubstr("nobody /"));
}

TEST_F(TrainerUserTest, AProgramThatCannotBeStartedSaysWhy) {
  PosixProcesses processes({FP4_WORKER, "--run-as", "nobody-here"});
  SpawnRequest request;
  request.arguments = {"/bin/true"};
  request.stdout_file = folder_.path() / "out";
  request.stderr_file = folder_.path() / "err";
  const auto process = processes.Spawn(request);
  ASSERT_TRUE(process.ok()) << process.status();
  std::optional<ProcessEnd> end;
  while (!(end = processes.Poll(*process))) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(end->exit_code, 126);
  EXPECT_THAT(*ReadFile(request.stderr_file), HasSubstr("there is no user 'nobody-here'"));
}

TEST_F(TrainerUserTest, TheUserWritesToARunsFolderAndToNothingElse) {
  ASSERT_TRUE(WriteFileDurably(run_ / "own", "of the worker").ok());
  ASSERT_TRUE(WriteFileDurably(folder_.path() / "work/secret", "x").ok());
  ASSERT_TRUE(LetPass(folder_.path() / "work", user_).ok());
  ASSERT_TRUE(HandOver(run_, user_, IsOwn).ok());
  chmod((folder_.path() / "work/secret").c_str(), 0640);
  std::string words;
  EXPECT_EQ(Run("cd work/runs/k7x2 && echo 1 > events && mv events other && rm other", words), 0)
      << words;
  EXPECT_EQ(Run("cat work/runs/k7x2/own", words), 0) << words;
  for (const char* forbidden :
       {"echo > work/new", "echo > work/runs/new", "cat work/secret", "ls work", "ls work/runs",
        "rm -f work/runs/k7x2/own", "mv work/runs/k7x2/own work/runs/k7x2/away",
        "echo > work/runs/k7x2/own", "mv work/runs/k7x2 work/runs/other"}) {
    EXPECT_NE(Run(forbidden, words), 0) << forbidden;
  }
  EXPECT_EQ(*ReadFile(run_ / "own"), "of the worker");
}

TEST_F(TrainerUserTest, WhatAnEarlierWorkerLeftGoesToTheUserButForItsOwnFilesAndNoLinkIsFollowed) {
  fs::create_directories(run_ / "checkpoints/own");
  ASSERT_TRUE(WriteFileDurably(run_ / "own", "x").ok());
  ASSERT_TRUE(WriteFileDurably(run_ / "events", "x").ok());
  ASSERT_TRUE(WriteFileDurably(folder_.path() / "elsewhere", "x").ok());
  fs::create_symlink(folder_.path() / "elsewhere", run_ / "link");
  ASSERT_TRUE(HandOver(run_, user_, IsOwn).ok());
  EXPECT_EQ(Of(run_).uid, 0u);
  EXPECT_EQ(Of(run_).gid, user_.gid);
  EXPECT_EQ(Of(run_).mode, 03770u);
  EXPECT_EQ(Of(run_ / "own").uid, 0u);
  EXPECT_EQ(Of(run_ / "own").gid, user_.gid);
  EXPECT_EQ(Of(run_ / "events").uid, user_.uid);
  EXPECT_EQ(Of(run_ / "checkpoints/own").uid, user_.uid);
  EXPECT_EQ(Of(folder_.path() / "elsewhere").uid, 0u);
}

TEST_F(TrainerUserTest, AFolderAboveThatIsClosedToTheUserIsAnError) {
  chmod(folder_.path().c_str(), 0700);
  const absl::Status status = LetPass(folder_.path() / "work", user_);
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_THAT(status.ToString(), HasSubstr("as the trainers' user 'nobody'"));
}

TEST_F(TrainerUserTest, OneThreadActsAsTheUserAndOthersDoNot) {
  const fs::path secret = folder_.path() / "secret";
  ASSERT_TRUE(WriteFileDurably(secret, "x").ok());
  chmod(secret.c_str(), 0600);
  std::promise<void> acting;
  std::thread other([&] {
    acting.get_future().wait();
    EXPECT_TRUE(ReadFile(secret).ok());
  });
  {
    const ActAsTrainer act(user_);
    EXPECT_TRUE(absl::IsPermissionDenied(ReadFile(secret).status()));
    acting.set_value();
    other.join();
  }
  EXPECT_TRUE(ReadFile(secret).ok());
  const ActAsTrainer nobody(std::nullopt);
  EXPECT_TRUE(ReadFile(secret).ok());
}

TEST_F(TrainerUserTest, OutputGoesIntoNoFileThatWasPutInItsPlace) {
  ASSERT_TRUE(HandOver(run_, user_, IsOwn).ok());
  fs::create_symlink(folder_.path() / "elsewhere", run_ / "link");
  ASSERT_EQ(mkfifo((run_ / "pipe").c_str(), 0666), 0);
  ASSERT_TRUE(WriteFileDurably(run_ / "others", "x").ok());
  ASSERT_EQ(chown((run_ / "others").c_str(), user_.uid, user_.gid), 0);
  for (const char* name : {"link", "pipe", "others"}) {
    PosixProcesses processes;
    SpawnRequest request;
    request.arguments = {"/bin/echo", "words"};
    request.stdout_file = run_ / name;
    request.stderr_file = folder_.path() / "err";
    EXPECT_FALSE(processes.Spawn(request).ok()) << name;
  }
  EXPECT_FALSE(fs::exists(folder_.path() / "elsewhere"));
}

}  // namespace
}  // namespace fp4::worker
