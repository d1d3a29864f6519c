#include "worker/host/host_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <fstream>
#include <functional>
#include <thread>

#include "base/file.h"
#include "tests/worker/temporary_folder.h"
#include "worker/host/posix_processes.h"

namespace fp4::worker {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(CheckTrainerVersionTest, WantsTheWorkersRelease) {
  const std::tuple<const char*, const char*, bool> rows[] = {
      {"fp4-train 1.2.0 (abc)\n", "1.2.0", true},
      {"fp4-train 1.2.0\n", "1.2.0", true},
      {"fp4-train 1.2.0", "1.2.0", true},
      {"fp4-train 1.2.01 (abc)\n", "1.2.0", false},
      {"fp4-train 1.3.0 (abc)\n", "1.2.0", false},
      {"GNU true 9.1\n", "1.2.0", false},
      {"", "1.2.0", false}};
  for (const auto& [output, version, ok] : rows) {
    EXPECT_EQ(CheckTrainerVersion(output, version).ok(), ok) << output;
  }
  EXPECT_THAT(CheckTrainerVersion("fp4-train 1.3.0 (abc)\n", "1.2.0").ToString(),
              HasSubstr("says 'fp4-train 1.3.0 (abc)'"));
}

TEST(CheckFolderTest, NamesWhatIsWrong) {
  TemporaryFolder folder;
  EXPECT_EQ(CheckFolder(folder.path(), 0), absl::OkStatus());
  EXPECT_TRUE(fs::is_empty(folder.path())) << "the probe is removed";
  const absl::Status too_little = CheckFolder(folder.path(), int64_t{1} << 60);
  EXPECT_TRUE(absl::IsResourceExhausted(too_little));
  EXPECT_THAT(too_little.ToString(), HasSubstr(folder.path().string() + " has "));
  EXPECT_FALSE(CheckFolder(folder.path() / "gone", 0).ok());
}

TEST(CheckFolderTest, AFullFileSystemIsSaidToBeFull) {
  TemporaryFolder folder;
  if (mount("none", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "no right to mount a small tmpfs: a full disk is not tried";
  }
  EXPECT_EQ(CheckFolder(folder.path(), 0), absl::OkStatus());
  EXPECT_FALSE(ReplaceFile(folder.path() / "filler", std::string(1 << 20, 'x')).ok());
  std::ofstream(folder.path() / "filler") << std::string(1 << 20, 'x');
  EXPECT_TRUE(absl::IsResourceExhausted(CheckFolder(folder.path(), 0)));
  EXPECT_EQ(umount(folder.path().c_str()), 0);
}

class HostCheckTest : public testing::Test {
 protected:
  void SetTrainer(const std::string& script) {
    fs::remove(trainer());
    ASSERT_TRUE(ReplaceFile(trainer(), "#!/bin/sh\n" + script + "\n").ok());
    fs::permissions(trainer(), fs::perms::owner_all);
  }
  fs::path trainer() const { return folder_.path() / "trainer"; }
  // Polls until `condition` holds; false after half a minute.
  bool PollUntil(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (true) {
      check_.Poll();
      if (condition()) return true;
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  bool PollUntilProblem(const std::string& part) {
    const bool found = PollUntil([&] { return check_.problem().find(part) != std::string::npos; });
    return found || (ADD_FAILURE() << "problem: " << check_.problem(), false);
  }

  TemporaryFolder folder_;
  PosixProcesses processes_;
  HostCheck check_{{.work_dir = folder_.path(),
                    .trainer = folder_.path() / "trainer",
                    .version = "1.2.0",
                    .interval = absl::Milliseconds(10),
                    .first_retry = absl::Milliseconds(5),
                    .last_retry = absl::Milliseconds(20),
                    .trainer_timeout = absl::Seconds(2)},
                   processes_,
                   SystemClock()};
};

constexpr char kGood[] = "echo 'fp4-train 1.2.0 (abc)'";

TEST_F(HostCheckTest, AWellHostIsKnownToBeWell) {
  SetTrainer(kGood);
  EXPECT_FALSE(check_.known());
  ASSERT_TRUE(PollUntil([&] { return check_.known(); }));
  EXPECT_EQ(check_.problem(), "");
}

TEST_F(HostCheckTest, EveryBrokenTrainerIsFoundAndForgottenWhenItIsMended) {
  ASSERT_TRUE(PollUntilProblem("No such file")) << "before it is installed";
  SetTrainer(kGood);
  ASSERT_TRUE(PollUntil([&] { return check_.problem().empty(); }));
  const std::pair<const char*, const char*> rows[] = {
      {"echo 'libtorch.so: cannot open' >&2; exit 127", "exit status 127: libtorch.so: cannot"},
      {"echo 'fp4-train 1.3.0 (abc)'", "is not of this worker's release 1.2.0"},
      {"kill -9 $$", "signal 9"},
      {"true", "it says ''"}};
  for (const auto& [script, problem] : rows) {
    SetTrainer(script);
    ASSERT_TRUE(PollUntilProblem(problem)) << script;
    SetTrainer(kGood);
    ASSERT_TRUE(PollUntil([&] { return check_.problem().empty(); })) << script;
  }
  fs::permissions(trainer(), fs::perms::owner_read);
  check_.Suspect();
  ASSERT_TRUE(PollUntilProblem("Permission denied"));
}

TEST_F(HostCheckTest, ATrainerThatHangsIsKilledAndSaidToHang) {
  SetTrainer("sleep 1000");
  ASSERT_TRUE(PollUntilProblem("did not end within 2s"));
}

TEST_F(HostCheckTest, ATrainerThatDoesNotChangeIsNotStartedAgainUnlessSuspected) {
  SetTrainer("echo x >> " + (folder_.path() / "count").string() + "; " + kGood);
  const auto num_starts = [&] {
    return ReadFile(folder_.path() / "count").value_or("").size() / 2;
  };
  ASSERT_TRUE(PollUntil([&] { return check_.known(); }));
  for (int i = 0; i < 50; ++i) check_.Poll();
  EXPECT_EQ(num_starts(), 1u);
  check_.Suspect();
  EXPECT_TRUE(PollUntil([&] { return num_starts() == 2; }));
}

TEST_F(HostCheckTest, AFolderThatIsGoneAndComesBack) {
  SetTrainer(kGood);
  ASSERT_TRUE(PollUntil([&] { return check_.known(); }));
  const fs::path aside = folder_.path().string() + ".aside";
  fs::rename(folder_.path(), aside);
  ASSERT_TRUE(PollUntilProblem("look at " + folder_.path().string()));
  fs::rename(aside, folder_.path());
  EXPECT_TRUE(PollUntil([&] { return check_.problem().empty(); }));
}

}  // namespace
}  // namespace fp4::worker
