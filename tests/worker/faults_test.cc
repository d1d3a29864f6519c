// What fails, and what must not be lost or done twice by it.
#include <gmock/gmock.h>
#include <signal.h>

#include "base/file.h"
#include "tests/worker/daemon_fixture.h"

namespace fp4::worker {
namespace {

using testing::HasSubstr;

using Cause = v1::ReportExitRequest;

// 1 started, 20 metrics, 4 checkpoints, 1 finished.
constexpr char kWholeRun[] =
    "1/1 2/1 3/1 4/1 5/1 6/1 7/1 8/1 9/1 10/1 11/1 12/1 13/1 14/1 15/1 16/1 17/1 18/1 19/1 20/1 "
    "21/1 22/1 23/1 "
    "24/1 25/1 26/1";
// Attempt 1 up to step 6 with the checkpoint of step 5, then attempt 2 from step 6 on.
constexpr char kTwoAttempts[] =
    "1/1 2/1 3/1 4/1 5/1 6/1 7/1 8/1 9/2 10/2 11/2 12/2 13/2 14/2 15/2 16/2 17/2 18/2 19/2 20/2 "
    "21/2 22/2 23/2 "
    "24/2 25/2 26/2 27/2 28/2";

class FaultsTest : public DaemonFixture {};

TEST_F(FaultsTest, CrashIsReportedWithSignalAndLastWords) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"signal_at":{"1":[7,11]},"stderr_lines":3000}})");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  const Cause exit = controller_.run("r1").exits[0];
  EXPECT_EQ(exit.cause(), Cause::SIGNALED);
  EXPECT_EQ(exit.signal(), SIGSEGV);
  EXPECT_THAT(exit.stderr_tail(), HasSubstr("noise 2999\nabout to die\n"));
  EXPECT_LE(exit.stderr_tail().size(), kMaxStderrTail);
  EXPECT_EQ(Stored("r1"), "1/1 2/1 3/1 4/1 5/1 6/1 7/1 8/1");
}

TEST_F(FaultsTest, NextAttemptResumesFromTheStoredCheckpoint) {
  StartWorker();
  const std::string document = R"({"fake":{"signal_at":{"1":[7,9]}}})";
  controller_.Assign("r1", document);
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  controller_.Assign("r1", document);
  ASSERT_TRUE(controller_.WaitForExit("r1", 2));
  EXPECT_EQ(controller_.run("r1").exits[1].exit_code(), 0);
  EXPECT_EQ(Stored("r1"), kTwoAttempts + std::string(""));
  EXPECT_THAT(controller_.run("r1").events[8].started().json(),
              HasSubstr(R"("resumed_from_step":5)"));
}

TEST_F(FaultsTest, TrainingGoesOnWhileTheControllerIsAwayAndNothingIsLostOrDoubled) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7}}})");
  ASSERT_TRUE(controller_.WaitForStep("r1", 6));
  controller_.Stop();
  LetGo("r1");
  ASSERT_TRUE(WaitFor([&] { return EventLog("r1").find("completed") != std::string::npos; }));
  controller_.Start();
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(Stored("r1"), kWholeRun);
  EXPECT_EQ(controller_.run("r1").exits[0].exit_code(), 0);
}

TEST_F(FaultsTest, ControllerThatForgotTheWorkerIsToldOfItsTrainer) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7}}})");
  ASSERT_TRUE(controller_.WaitForStep("r1", 6));
  controller_.ForgetWorkers();
  ASSERT_TRUE(controller_.WaitForRegistrations(2));
  const v1::RegisterRequest again = controller_.registrations()[1];
  ASSERT_EQ(again.found_runs_size(), 1);
  EXPECT_TRUE(again.found_runs(0).alive());
  LetGo("r1");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(Stored("r1"), kWholeRun);
}

TEST_F(FaultsTest, StaleAttemptIsKilledAndNothingOfItIsTold) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7},"ignore_sigterm":true}})");
  ASSERT_TRUE(controller_.WaitForStep("r1", 6));
  const ProcessIdentity trainer = Trainer("r1");
  controller_.Supersede("r1");
  EXPECT_TRUE(WaitForTrainerEnd(trainer));
  ASSERT_TRUE(WaitFor([&] {
    absl::StatusOr<ExitRecord> exit = Directory("r1").ReadExit();
    return exit.ok() && exit->settled.has_value();
  }));
  EXPECT_TRUE(controller_.run("r1").exits.empty());
}

TEST_F(FaultsTest, RestartedWorkerAdoptsItsTrainer) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7}}})");
  ASSERT_TRUE(controller_.WaitForStep("r1", 6));
  const ProcessIdentity trainer = Trainer("r1");
  KillWorker();
  StartWorker();
  ASSERT_TRUE(controller_.WaitForRegistrations(2));
  const v1::FoundRun found = controller_.registrations()[1].found_runs(0);
  EXPECT_TRUE(found.alive());
  EXPECT_FALSE(found.finished());
  EXPECT_EQ(found.last_seq(), 8);
  EXPECT_NE(controller_.registrations()[0].incarnation(),
            controller_.registrations()[1].incarnation());
  EXPECT_EQ(controller_.registrations()[0].name(), controller_.registrations()[1].name());
  LetGo("r1");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(Stored("r1"), kWholeRun);
  EXPECT_EQ(Trainer("r1"), trainer);
  EXPECT_EQ(controller_.run("r1").exits[0].cause(), Cause::EXITED);
}

TEST_F(FaultsTest, TrainerThatEndedWhileTheWorkerWasAwayIsJudgedByItsLog) {
  StartWorker();
  controller_.Assign("completed", R"({"fake":{"hold_at":{"1":7}}})");
  ASSERT_TRUE(controller_.WaitForStep("completed", 6));
  const ProcessIdentity trainer = Trainer("completed");
  KillWorker();
  LetGo("completed");
  ASSERT_TRUE(WaitForTrainerEnd(trainer));
  StartWorker();
  ASSERT_TRUE(controller_.WaitForExit("completed"));
  EXPECT_EQ(controller_.run("completed").exits[0].cause(), Cause::EXITED);
  EXPECT_EQ(Stored("completed"), kWholeRun);
}

TEST_F(FaultsTest, TrainerThatDiedWhileTheWorkerWasAwayIsLost) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7}}})");
  ASSERT_TRUE(controller_.WaitForStep("r1", 6));
  const ProcessIdentity trainer = Trainer("r1");
  KillWorker();
  PosixProcesses().Signal(trainer, SIGKILL);
  ASSERT_TRUE(WaitForTrainerEnd(trainer));
  StartWorker();
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(controller_.run("r1").exits[0].cause(), Cause::LOST);
}

TEST_F(FaultsTest, OrphanEndsWithItsLease) {
  controller_.Set([](auto& b) { b.lease_ttl = absl::Seconds(3); });
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7}}})");
  ASSERT_TRUE(controller_.WaitForStep("r1", 6));
  const ProcessIdentity trainer = Trainer("r1");
  KillWorker();
  EXPECT_TRUE(WaitForTrainerEnd(trainer));
}

TEST_F(FaultsTest, LeaseThatCannotBeRenewedEndsTheTrainerWithACheckpoint) {
  controller_.Set([](auto& b) { b.lease_ttl = absl::Seconds(8); });
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7}}})");
  ASSERT_TRUE(controller_.WaitForStep("r1", 6));
  controller_.Set([](auto& b) { b.refuse_renewals = true; });
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(controller_.run("r1").exits[0].cause(), Cause::LEASE_LOST);
  EXPECT_EQ(controller_.run("r1").events.back().finished().status(), "stopped");
}

TEST_F(FaultsTest, LostLeaseKillsTheTrainerButItsLogIsStillDelivered) {
  controller_.Set([](auto& b) { b.refuse_reports = true; });
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7}}})");
  ASSERT_TRUE(WaitFor([&] { return EventLog("r1").find("\"step\":6") != std::string::npos; }));
  ASSERT_TRUE(WaitFor([&] { return Directory("r1").ReadTrainer().ok(); }));
  const ProcessIdentity trainer = Trainer("r1");
  controller_.Expire("r1");
  EXPECT_TRUE(WaitForTrainerEnd(trainer));
  controller_.Set([](auto& b) { b.refuse_reports = false; });
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(Stored("r1"), "1/1 2/1 3/1 4/1 5/1 6/1 7/1 8/1");
}

TEST_F(FaultsTest, UndeliveredEventsOfAnAttemptArriveBeforeTheNextOnes) {
  controller_.Set([](auto& b) { b.refuse_reports = true; });
  StartWorker();
  const std::string document = R"({"fake":{"signal_at":{"1":[7,9]}}})";
  controller_.Assign("r1", document);
  ASSERT_TRUE(WaitFor([&] { return Directory("r1").ReadExit().ok(); }));
  EXPECT_EQ(Stored("r1"), "");
  controller_.Assign("r1", document);  // its lease has expired meanwhile
  ASSERT_TRUE(WaitFor([&] { return Directory("r1").ReadTrainer()->attempt == 2; }));
  controller_.Set([](auto& b) { b.refuse_reports = false; });
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(controller_.run("r1").exits[0].attempt(), 2);
  EXPECT_EQ(Stored("r1"), kTwoAttempts + std::string(""));
}

TEST_F(FaultsTest, TornLineIsNotDelivered) {
  StartWorker();
  const std::string document = R"({"fake":{"torn_at":{"1":7}}})";
  controller_.Assign("r1", document);
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_NE(EventLog("r1").back(), '\n');
  controller_.Assign("r1", document);
  ASSERT_TRUE(controller_.WaitForExit("r1", 2));
  EXPECT_EQ(Stored("r1"), kTwoAttempts + std::string(""));
}

TEST_F(FaultsTest, EventsThatTheControllerMissesAreSentAgain) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7}}})");
  ASSERT_TRUE(controller_.WaitForStep("r1", 6));
  controller_.ForgetEventsFrom("r1", 3);
  LetGo("r1");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(Stored("r1"), kWholeRun);
}

TEST_F(FaultsTest, LogWithAHoleEndsTheAttemptAndTheNextOneStartsANewLog) {
  StartWorker();
  const std::string document = R"({"fake":{"skip_seq_at":{"1":7},"hold_at":{"1":9}}})";
  controller_.Assign("r1", document);
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(controller_.run("r1").exits[0].cause(), Cause::LOG_BROKEN);
  EXPECT_THAT(controller_.run("r1").exits[0].message(),
              HasSubstr("wanted seq 9, the log goes on with 10"));
  controller_.Assign("r1", document);
  ASSERT_TRUE(controller_.WaitForExit("r1", 2));
  EXPECT_EQ(controller_.run("r1").exits[1].exit_code(), 0);
  EXPECT_EQ(Stored("r1"), kTwoAttempts + std::string(""));
}

TEST_F(FaultsTest, AnAttemptThatRanHereIsNeverTrainedAgain) {
  StartWorker();
  controller_.Assign("r1", "{}");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  const ProcessIdentity trainer = Trainer("r1");
  const std::string log = EventLog("r1");
  KillWorker();
  controller_.Assign("r1", "{}", [](v1::Assignment& assignment) { assignment.set_attempt(1); });
  StartWorker();
  ASSERT_TRUE(controller_.WaitForExit("r1", 2));
  EXPECT_EQ(controller_.run("r1").exits[1].exit_code(), 0);
  EXPECT_EQ(Trainer("r1"), trainer);
  EXPECT_EQ(EventLog("r1"), log);
}

}  // namespace
}  // namespace fp4::worker
