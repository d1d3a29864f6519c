// fp4-worker as its users meet it: runs, stops, slots, metrics.
#include <gmock/gmock.h>
#include <signal.h>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "tests/worker/daemon_fixture.h"

namespace fp4::worker {
namespace {

using testing::HasSubstr;
using testing::Not;

using Cause = v1::ReportExitRequest;

class DaemonTest : public DaemonFixture {};

TEST_F(DaemonTest, CompletesARunAndTellsAllOfIt) {
  StartWorker();
  controller_.Assign("r1", "{}");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  const FakeController::Run run = controller_.run("r1");
  EXPECT_EQ(run.exits[0].cause(), Cause::EXITED);
  EXPECT_EQ(run.exits[0].exit_code(), 0);
  EXPECT_EQ(run.events.size(), 26u);
  EXPECT_EQ(NumStored("r1", v1::Event::kMetrics), 20);
  EXPECT_EQ(run.events[1].metrics().values(0).name(), "train/loss");
  EXPECT_EQ(run.events[1].metrics().values(0).value(), 1.0);
  EXPECT_GT(run.events[1].time().seconds(), 1'700'000'000);
  EXPECT_EQ(run.events.back().finished().status(), "completed");
}

TEST_F(DaemonTest, EndsByItselfWhenItHasHadNoRunForTooLong) {
  StartWorker({"--exit-idle", "1s"});
  EXPECT_EQ(WaitForWorkerExit(), 0);
  EXPECT_THAT(WorkerLog(), HasSubstr("no run for too long"));
}

TEST_F(DaemonTest, IsNotIdleWhileItsRunLasts) {
  StartWorker({"--exit-idle", "1s"});
  controller_.Assign("r1", "{}");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(WaitForWorkerExit(), 0);
  EXPECT_EQ(controller_.run("r1").events.back().finished().status(), "completed");
}

TEST_F(DaemonTest, AnEventOfAKindThatItDoesNotKnowIsDeliveredLikeAnyOther) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"unknown_at":{"1":7}}})");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  const FakeController::Run run = controller_.run("r1");
  EXPECT_EQ(run.events.size(), 27u);
  EXPECT_EQ(NumStored("r1", v1::Event::kUnknown), 1);
  EXPECT_EQ(run.events[8].unknown().type(), "picture");
  EXPECT_EQ(run.events[8].unknown().json(), R"({"file":"/a.png"})");
  EXPECT_EQ(run.events.back().finished().status(), "completed");
}

TEST_F(DaemonTest, IsTheSameWorkerHoweverItsDirectoryIsSpelled) {
  const std::filesystem::path link = folder_.path().string() + "-link";
  std::filesystem::create_directory_symlink(folder_.path(), link);
  const std::string spellings[] = {folder_.path(), folder_.path().string() + "/", link,
                                   folder_.path() / "runs" / ".."};
  for (size_t i = 0; i < std::size(spellings); ++i) {
    StartWorker({"--work-dir", spellings[i]});
    ASSERT_TRUE(controller_.WaitForRegistrations(i + 1)) << spellings[i];
    KillWorker();
  }
  std::filesystem::remove(link);
  const std::vector<v1::RegisterRequest> all = controller_.registrations();
  EXPECT_EQ(all[0].directory_id().size(), 32u);
  for (const v1::RegisterRequest& each : all) {
    EXPECT_EQ(each.directory_id(), all[0].directory_id());
    EXPECT_EQ(each.place(), all[0].place());
  }
  EXPECT_EQ(all[1].name(), all[0].name());
}

TEST_F(DaemonTest, ADuplicateSaysSoAndIsTakenOnceTheOtherHasGone) {
  controller_.Set([](auto& behaviour) { behaviour.is_duplicate = true; });
  StartWorker();
  ASSERT_TRUE(controller_.WaitForRegistrations(2));
  EXPECT_TRUE(WaitFor([&] {
    return Http("/healthz").starts_with("unhealthy: refused by the controller");
  })) << Http("/healthz");
  EXPECT_THAT(WorkerLog(), HasSubstr("another live worker has this worker's id"));
  controller_.Set([](auto& behaviour) { behaviour.is_duplicate = false; });
  controller_.Assign("r1", R"({"fake":{"steps":2}})");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(Http("/healthz"), "ok\n");
}

TEST_F(DaemonTest, CancelStopsTheTrainerWithACheckpoint) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7}}})");
  ASSERT_TRUE(controller_.WaitForStep("r1", 6));
  controller_.Cancel("r1");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(controller_.run("r1").exits[0].exit_code(), 3);
  EXPECT_EQ(NumStored("r1", v1::Event::kCheckpoint), 2);
  EXPECT_EQ(controller_.run("r1").events.back().finished().status(), "stopped");
}

TEST_F(DaemonTest, TrainerThatDoesNotStopIsKilledAfterTheGrace) {
  StartWorker({"--grace", "200ms"});
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7},"ignore_sigterm":true}})");
  ASSERT_TRUE(controller_.WaitForStep("r1", 6));
  controller_.Cancel("r1");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(controller_.run("r1").exits[0].signal(), SIGKILL);
  EXPECT_THAT(controller_.run("r1").exits[0].message(), HasSubstr("did not stop in time"));
}

TEST_F(DaemonTest, RunThatTakesTooLongIsStopped) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7}}})",
                     [](v1::Assignment& a) { a.mutable_max_runtime()->set_nanos(300'000'000); });
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(controller_.run("r1").exits[0].cause(), Cause::MAX_RUNTIME);
}

TEST_F(DaemonTest, SigtermStopsTrainersWithACheckpointAndTellsThat) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7}}})");
  ASSERT_TRUE(controller_.WaitForStep("r1", 6));
  SignalWorker(SIGTERM);
  EXPECT_EQ(WaitForWorkerExit(), 0);
  ASSERT_EQ(controller_.run("r1").exits.size(), 1u);
  EXPECT_EQ(controller_.run("r1").exits[0].exit_code(), 3);
}

TEST_F(DaemonTest, SecondSigtermKills) {
  StartWorker();
  controller_.Assign("r1", R"({"fake":{"hold_at":{"1":7},"ignore_sigterm":true}})");
  ASSERT_TRUE(controller_.WaitForStep("r1", 6));
  const ProcessIdentity trainer = Trainer("r1");
  SignalWorker(SIGTERM);
  ASSERT_TRUE(
      WaitFor([&] { return WorkerLog().find("trainer asked to stop") != std::string::npos; }));
  SignalWorker(SIGTERM);
  EXPECT_EQ(WaitForWorkerExit(), 0);
  EXPECT_TRUE(WaitForTrainerEnd(trainer));
}

TEST_F(DaemonTest, PathsOutsideTheAllowedFoldersAreRefusedForGood) {
  StartWorker({"--allow-path", "/srv/data"});
  controller_.Assign("bad", R"({"data":{"paths":["/etc/*.txt"]}})");
  ASSERT_TRUE(controller_.WaitForExit("bad"));
  const Cause exit = controller_.run("bad").exits[0];
  EXPECT_EQ(exit.exit_code(), 2);
  EXPECT_THAT(exit.message(), HasSubstr("data.paths: '/etc/*.txt' is outside"));
  EXPECT_THAT(exit.message(), HasSubstr("--allow-path"));
}

TEST_F(DaemonTest, TwoWorkersDoNotShareADirectory) {
  StartWorker();
  SpawnRequest second;
  second.arguments = {FP4_WORKER,   "--controller", controller_.address(),
                      "--work-dir", folder_.path(), "--trainer",
                      FAKE_TRAINER, "--http",       "127.0.0.1:0"};
  second.stdout_file = second.stderr_file = folder_.path() / "second.log";
  const ProcessIdentity process = processes_.Spawn(second).value();
  std::optional<ProcessEnd> end;
  ASSERT_TRUE(WaitFor([&] { return (end = processes_.Poll(process)).has_value(); }));
  EXPECT_EQ(end->exit_code, 1);
  EXPECT_THAT(*ReadFile(second.stderr_file), HasSubstr("another process uses"));
}

TEST_F(DaemonTest, CpuSlotsShareTheCoresAndTellTheMeasuredType) {
  StartWorker({"--slots", "2"});
  ASSERT_TRUE(controller_.WaitForRegistrations(1));
  const v1::RegisterRequest registered = controller_.registrations()[0];
  ASSERT_EQ(registered.slots_size(), 2);
  EXPECT_EQ(registered.slots(1).index(), 1);
  EXPECT_EQ(registered.slots(1).kind(), v1::Slot::CPU);
  EXPECT_EQ(registered.slots(1).cpu_compute_dtype(), "bf16");
  EXPECT_GE(registered.slots(1).cpu_threads(), 1);
}

TEST_F(DaemonTest, GpusAreSlotsAndTheirMemoryAndEnergyAreExported) {
  StartWorker({"--nvml-library", FAKE_NVML});
  ASSERT_TRUE(controller_.WaitForRegistrations(1));
  const v1::RegisterRequest registered = controller_.registrations()[0];
  ASSERT_EQ(registered.slots_size(), 2);
  EXPECT_EQ(registered.slots(0).device(), "GPU-00000000-fake");
  EXPECT_EQ(registered.slots(0).memory_bytes(), int64_t{80} << 30);
  const std::string metrics = Http("/metrics");
  EXPECT_THAT(metrics, HasSubstr("fp4_worker_gpu_memory_used_bytes{gpu=\"1\"} 10737418240"));
  EXPECT_THAT(metrics, HasSubstr("fp4_worker_gpu_energy_joules_total{gpu=\"0\"} 100"));
}

TEST_F(DaemonTest, MetricsCountWhatWasDone) {
  StartWorker();
  controller_.Assign("r1", "{}");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  EXPECT_EQ(Http("/healthz"), "ok\n");
  const std::string metrics = Http("/metrics");
  EXPECT_THAT(metrics, HasSubstr("fp4_worker_events_reported_total 26"));
  EXPECT_THAT(metrics, HasSubstr("fp4_worker_trainers_spawned_total 1"));
  EXPECT_THAT(metrics, HasSubstr("fp4_worker_trainer_exits_total{cause=\"exited\"} 1"));
  EXPECT_THAT(metrics, Not(HasSubstr("r1")));
}

TEST_F(DaemonTest, FinishedDirectoriesAreCleared) {
  StartWorker({"--keep-finished", "0s"});
  controller_.Assign("r1", "{}");
  ASSERT_TRUE(controller_.WaitForExit("r1"));
  SignalWorker(SIGTERM);
  ASSERT_EQ(WaitForWorkerExit(), 0);
  StartWorker({"--keep-finished", "0s"});
  EXPECT_TRUE(WaitFor([&] { return !std::filesystem::exists(Directory("r1").path()); }));
}

size_t NumDescriptors(pid_t pid) {
  const auto folder = std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/fd"));
  return static_cast<size_t>(std::distance(begin(folder), end(folder)));
}

TEST_F(DaemonTest, FiftyShortRunsLeakNoDescriptors) {
  StartWorker();
  const auto complete = [&](const std::string& id) {
    controller_.Assign(id, R"({"fake":{"steps":2}})");
    return controller_.WaitForExit(id);
  };
  ASSERT_TRUE(complete("warm-up"));
  const size_t before = NumDescriptors(worker_.pid);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(complete(absl::StrCat("r", i)));
  EXPECT_LE(NumDescriptors(worker_.pid), before + 1);
}

}  // namespace
}  // namespace fp4::worker
