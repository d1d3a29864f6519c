// Workers that cannot do their work, and what the runs pay for it.
#include "base/reasons.h"
#include "gmock/gmock.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::store::testing {
namespace {

using core::ExitCause;
using core::RunState;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kTwelveRuns[] = R"({"schema_version": 1, "name": "twelve",
  "model": {"preset": "micro"}, "data": {"source": "synthetic"}, "training": {"steps": 4},
  "resources": {"gpus": 0}, "retry": {"max_restarts": 0},
  "seeds": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]})";

const core::Exit kNotStarted{.cause = ExitCause::kSpawnFailed,
                             .message = "start /opt/fp4-train: No such file or directory",
                             .stderr_tail = ""};
const core::Exit kCrash{
    .cause = ExitCause::kSignaled, .signal = 11, .message = "", .stderr_tail = ""};

class WorkerFaultsTest : public StoreTest {
 protected:
  // What the worker gets; nothing: no work.
  std::optional<Held> AskFor(const std::string& worker) {
    Use(worker);
    const auto work = Acquire();
    if (!work.ok() || work->assignments.empty()) return std::nullopt;
    return work->assignments[0].held;
  }
  // One second of a worker that trains whatever it gets at once.
  void Train(const std::string& worker) {
    if (const auto held = AskFor(worker)) {
      const int64_t next = *Report(*held, {});
      ASSERT_TRUE(Report(*held, {MetricsAt(next, 1, 5.0, held->attempt)}).ok());
      ASSERT_EQ(Complete(*held, next + 1), absl::OkStatus());
    }
  }
  int NumCompleted(const std::vector<std::string>& runs) {
    return static_cast<int>(std::ranges::count_if(
        runs, [&](const std::string& id) { return StateOf(id) == RunState::kCompleted; }));
  }
};

// Without restarts: whatever costs one fails a run for good.
TEST_F(WorkerFaultsTest, AWorkerThatCannotStartTrainersEatsNoneOfTwelveRuns) {
  const auto runs = CreateRuns(kTwelveRuns);
  ASSERT_TRUE(Register("broken", 1).ok());
  ASSERT_TRUE(Register("good", 1).ok());
  int num_broken_starts = 0;
  for (int second = 0; second < 20; ++second) {
    if (const auto held = AskFor("broken")) {
      ++num_broken_starts;
      ASSERT_EQ(Exit(*held, kNotStarted), absl::OkStatus());
    }
    Train("good");
    Pass(absl::Seconds(1));
  }
  EXPECT_EQ(NumCompleted(runs), 12);
  EXPECT_LE(num_broken_starts, 5) << "1, 2, 4, 8 s between them";
}

TEST_F(WorkerFaultsTest, SoDoesOneOnWhichEverythingDiesThoughNobodyKnowsWhy) {
  std::string document = kTwelveRuns;
  document.replace(document.find("\"max_restarts\": 0"), 17, "\"max_restarts\": 1");
  const auto runs = CreateRuns(document);
  ASSERT_TRUE(Register("broken", 1).ok());
  ASSERT_TRUE(Register("good", 1).ok());
  for (int second = 0; second < 40; ++second) {
    if (const auto held = AskFor("broken")) {
      ASSERT_EQ(Exit(*held, kCrash), absl::OkStatus());
    }
    Train("good");
    Pass(absl::Seconds(1));
  }
  EXPECT_EQ(NumCompleted(runs), 12);
}

TEST_F(WorkerFaultsTest, APausedWorkerSaysWhyAndGetsWorkAgainOnceItHasTrained) {
  CreateRuns(kTwelveRuns);
  ASSERT_TRUE(Register("w", 1).ok());
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(Exit(*AskFor("w"), kNotStarted), absl::OkStatus());
    Pass(absl::Seconds(1 << i));
  }
  ASSERT_EQ(Exit(*AskFor("w"), kNotStarted), absl::OkStatus());
  EXPECT_EQ(AskFor("w"), std::nullopt);
  EXPECT_THAT(GetWorker("w").problem, HasSubstr("gets no work for 8s: 4 attempts in a row failed"));
  EXPECT_THAT(GetWorker("w").problem, HasSubstr("spawn_failed: start /opt/fp4-train"));
  Pass(absl::Seconds(9));
  EXPECT_EQ(GetWorker("w").problem, "");
  Train("w");
  EXPECT_TRUE(AskFor("w").has_value());
}

TEST_F(WorkerFaultsTest, AnUnfitWorkerGetsNoWorkAndIsShown) {
  const auto runs = CreateRuns();
  ASSERT_TRUE(Register("w", 1).ok());
  EXPECT_THAT(Acquire({}, absl::ZeroDuration(), "/w has 3 MiB left")->assignments, IsEmpty());
  EXPECT_EQ(StateOf(runs[0]), RunState::kQueued);
  EXPECT_TRUE(GetWorker("w").connected);
  EXPECT_EQ(GetWorker("w").problem, "/w has 3 MiB left");
  EXPECT_THAT(Acquire()->assignments, SizeIs(1));
  EXPECT_EQ(GetWorker("w").problem, "");
}

TEST_F(WorkerFaultsTest, AnUnfitWorkerIsStillToldToStopARun) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  ASSERT_TRUE(Cancel(held.run_id).ok());
  EXPECT_THAT(Acquire({held}, absl::ZeroDuration(), "its disk is full")->stop,
              ::testing::ElementsAre(held));
}

TEST_F(WorkerFaultsTest, AfterAnExpiredLeaseARunGoesToAnotherWorkerFirst) {
  const auto runs = CreateRuns(kTwelveRuns);
  ASSERT_TRUE(Register("silent", 1).ok());
  const Held held = *AskFor("silent");
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  ASSERT_TRUE(Register("other", 1).ok());
  Pass(absl::Seconds(31));
  ASSERT_EQ(StateOf(held.run_id), RunState::kQueued);
  EXPECT_EQ(GetRun(held.run_id).num_restarts, 0);
  Use("other");
  ASSERT_TRUE(Renew({}).ok());
  EXPECT_NE(AskFor("silent")->run_id, held.run_id);
  EXPECT_EQ(*AskFor("other"), (Held{held.run_id, 2}));
}

TEST_F(WorkerFaultsTest, TriesWithoutProgressAreCountedOverARestartOfTheController) {
  const Held first = StartOneRun();
  for (int attempt = 1; attempt <= core::kMaxFruitless; ++attempt) {
    ASSERT_EQ(Exit({first.run_id, attempt}, {.exit_code = 3, .message = "", .stderr_tail = ""}),
              absl::OkStatus());
    if (attempt == core::kMaxFruitless) break;
    ASSERT_EQ(StateOf(first.run_id), RunState::kQueued);
    if (attempt == 5) Reopen();
    Pass(absl::Minutes(5));
    for (auto held = AskFor("worker"); held && held->run_id != first.run_id;
         held = AskFor("worker")) {
      ASSERT_EQ(Complete(*held), absl::OkStatus());
    }
  }
  EXPECT_EQ(StateOf(first.run_id), RunState::kFailed);
  EXPECT_EQ(GetRun(first.run_id).reason, reason::kNoProgress);
}

// What the state change into `running` of an attempt says.
StateChange RunningOf(const std::vector<StoredEvent>& events, int32_t attempt) {
  StateChange found;
  for (const StoredEvent& event : events) {
    const auto* change = std::get_if<StateChange>(&event.kind);
    if (change != nullptr && change->state == RunState::kRunning && event.attempt == attempt) {
      found = *change;
    }
  }
  return found;
}

TEST_F(WorkerFaultsTest, BeginningAtStepZeroAgainIsSaid) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 20, 5.0), CheckpointAt(2, 20), CheckpointAt(3, 30)}).ok());
  ASSERT_EQ(Exit(held, kCrash), absl::OkStatus());
  ASSERT_EQ(Complete(*AskFor("worker")), absl::OkStatus()) << "another run's turn";
  Pass(absl::Seconds(2));
  const auto again = Acquire();
  ASSERT_THAT(again->assignments.at(0).checkpoints, SizeIs(2));
  EXPECT_EQ(again->assignments[0].checkpoints[0].step, 30);
  EXPECT_EQ(again->assignments[0].checkpoints[1].step, 20);
  spec::Event started = MetricsAt(4, 0, 0, 2);
  started.kind = spec::StartedEvent{R"({"resumed_from_step": 0})"};
  ASSERT_TRUE(Report({held.run_id, 2}, {started}).ok());
  const StateChange change = RunningOf(EventsOf({held.run_id}), 2);
  EXPECT_EQ(change.reason, reason::kRestartedFromZero);
  EXPECT_THAT(change.message, HasSubstr("the stored checkpoint of step 30 could not be read"));
  EXPECT_EQ(GetRun(held.run_id).message, change.message) << "for describe";
}

TEST_F(WorkerFaultsTest, ASlotThatCannotBeIsRefusedAtRegister) {
  const std::pair<core::Slot, const char*> rows[] = {
      {{.index = -1, .device = "cpu", .name = ""}, "slot -1: index is negative"},
      {{.index = 0, .device = "cpu", .name = "", .cpu_threads = -2}, "slot 0: cpu_threads is -2"},
      {{.index = 0, .device = "cpu", .name = "", .memory_bytes = -5},
       "slot 0: memory_bytes is -5"}};
  for (const auto& [slot, problem] : rows) {
    const RegisterWorker request{.name = "w",
                                 .host = "host",
                                 .incarnation = "i",
                                 .version = "0.1.0",
                                 .slots = {slot},
                                 .found_runs = {}};
    const auto reply = Wait<RegisteredWorker>([&](auto done) { store_->Register(request, done); });
    EXPECT_TRUE(absl::IsInvalidArgument(reply.status()));
    EXPECT_THAT(std::string(reply.status().message()), HasSubstr(problem));
  }
}

}  // namespace
}  // namespace fp4::store::testing
