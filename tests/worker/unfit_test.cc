// A host that cannot do its work: the daemon knows, says so, takes nothing, and recovers by itself.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "tests/worker/daemon_fixture.h"

namespace fp4::worker {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

using Cause = v1::ReportExitRequest;

class UnfitTest : public DaemonFixture {
 protected:
  // A trainer of the test's own, that it may break.
  UnfitTest() {
    trainer_ = folder_.path() / "own-trainer";
    Install();
  }
  void Install() { fs::copy_file(FAKE_TRAINER, trainer_, fs::copy_options::overwrite_existing); }
  nlohmann::json Acknowledged(const std::string& run_id) const {
    return nlohmann::json::parse(
        ReadFile(Directory(run_id).path() / "acknowledged.json").value_or("{}"));
  }
};

TEST_F(UnfitTest, ATrainerThatIsRemovedInMidLifeStopsTheWorkerFromTakingRunsUntilItIsBack) {
  StartWorker();
  ASSERT_TRUE(controller_.WaitForFit());
  fs::remove(trainer_);
  controller_.Assign("r1", "{}");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(controller_.run("r1").exits[0].cause(), Cause::SPAWN_FAILED);
  EXPECT_THAT(controller_.run("r1").exits[0].message(), HasSubstr(trainer_));
  ASSERT_TRUE(controller_.WaitForUnfit(trainer_ + " cannot be started: No such file"));
  EXPECT_THAT(Http("/healthz"), HasSubstr(trainer_ + " cannot be started"));
  EXPECT_THAT(Http("/metrics"), HasSubstr("fp4_worker_fit 0"));
  controller_.Assign("r1", "{}");
  Install();
  ASSERT_TRUE(controller_.WaitForExit("r1", 2));
  EXPECT_EQ(controller_.run("r1").exits.back().exit_code(), 0);
  EXPECT_TRUE(WaitFor([&] { return Http("/healthz") == "ok\n"; }));
  EXPECT_THAT(Http("/metrics"), HasSubstr("fp4_worker_fit 1"));
}

TEST_F(UnfitTest, ATrainerThatDiesBeforeItsFirstWordMakesTheWorkerLookAtItself) {
  StartWorker();
  ASSERT_TRUE(controller_.WaitForFit());
  fs::remove(trainer_);
  ASSERT_TRUE(ReplaceFile(trainer_, "#!/bin/sh\necho no libtorch >&2\nexit 127\n").ok());
  fs::permissions(trainer_, fs::perms::owner_all);
  controller_.Assign("r1", "{}");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(controller_.run("r1").exits[0].cause(), Cause::SPAWN_FAILED);
  EXPECT_TRUE(controller_.WaitForUnfit("exit status 127: no libtorch"));
}

TEST_F(UnfitTest, AWorkDirectoryWithoutSpaceTakesNoWork) {
  StartWorker({"--min-free-mib", "1073741823"});
  ASSERT_TRUE(controller_.WaitForUnfit("MiB left, less than 1073741823 MiB"));
  EXPECT_THAT(Http("/healthz"), HasSubstr(folder_.path().string() + " has "));
}

TEST_F(UnfitTest, TheTrainerIsToldWhichCheckpointTheControllerHasStored) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":12}}})");
  ASSERT_TRUE(WaitFor([&] { return Acknowledged("r1").value("step", 0) == 10; }));
  EXPECT_THAT(Acknowledged("r1")["path"].get<std::string>(), HasSubstr("step-10.attempt-1"));
  controller_.Set([](auto& b) { b.refuse_reports = true; });
  LetGo("r1");
  ASSERT_TRUE(WaitFor([&] { return EventLog("r1").find("completed") != std::string::npos; }));
  EXPECT_EQ(Acknowledged("r1").value("step", 0), 10) << "15 and 20 are not stored";
  controller_.Set([](auto& b) { b.refuse_reports = false; });
  EXPECT_TRUE(WaitFor([&] { return Acknowledged("r1").value("step", 0) == 20; }));
}

}  // namespace
}  // namespace fp4::worker
