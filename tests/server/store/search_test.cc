// Searches: trials that are made as they are needed, stopped at rungs, and the same after a
// restart.
#include <gmock/gmock.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::store::testing {
namespace {

using core::RunState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Document(const std::string& search, const std::string& more = "") {
  return absl::StrCat(
      R"({"name": "s", "training": {"steps": 64}, "resources": {"gpus": 0},
          "retry": {"max_restarts": 0})",
      more, R"(, "search": )", search, "}");
}

constexpr char kAsha[] = R"({"method": "asha", "min_steps": 4, "reduction_factor": 4,
  "max_trials": 6, "max_concurrent": 2,
  "space": {"optimizer.learning_rate": {"type": "log_uniform", "min": 1e-4, "max": 1e-2}}})";

class SearchTest : public StoreTest {
 protected:
  void Create(const std::string& document) {
    experiment_ = StoreTest::Create(MakeExperiment(document))->id;
    ASSERT_TRUE(Register("w", 8).ok());
  }
  SearchRecord Search() {
    const auto experiment = Read([&](Reader& reader) { return reader.GetExperiment(experiment_); });
    EXPECT_TRUE(experiment.ok()) << experiment.status();
    return experiment->search.value();
  }
  std::string RunOf(size_t trial) { return Search().trials.at(trial).run_id; }

  // The worker takes what there is.
  void Take() {
    const auto work = Acquire(held_);
    ASSERT_TRUE(work.ok()) << work.status();
    for (const Assignment& assignment : work->assignments) held_.push_back(assignment.held);
  }
  Held HeldBy(const std::string& run) {
    for (const Held& held : held_) {
      if (held.run_id == run) return held;
    }
    ADD_FAILURE() << run << " is not held";
    return {};
  }
  // The trial has evaluated.
  void Evaluate(size_t trial, int64_t step, double loss) {
    const std::string run = RunOf(trial);
    spec::Event event = MetricsAt(++seq_[run], step, 1.0);
    event.kind = spec::MetricsEvent{.step = step, .values = {{"val/loss", loss}}};
    const auto next = Report(HeldBy(run), {event});
    EXPECT_TRUE(next.ok()) << next.status();
  }
  void End(size_t trial, const std::string& status) {
    const std::string run = RunOf(trial);
    const Held held = HeldBy(run);
    EXPECT_TRUE(Report(held, {FinishedAt(++seq_[run], status)}).ok());
    EXPECT_TRUE(Exit(held, {.exit_code = status == "completed" ? 0
                                         : status == "failed"  ? 1
                                                               : 3,
                            .message = "",
                            .stderr_tail = ""})
                    .ok());
    std::erase(held_, held);
  }
  std::vector<std::string> States() {
    std::vector<std::string> states;
    const SearchRecord search = Search();
    for (const TrialRecord& trial : search.trials) states.push_back(trial.state);
    return states;
  }

  std::string experiment_;
  std::vector<Held> held_;
  std::map<std::string, int64_t> seq_;
};

TEST_F(SearchTest, MakesTrialsAsTheyAreNeeded) {
  // given six trials, of which two go at a time
  Create(Document(R"({"method": "random", "max_trials": 6, "max_concurrent": 2,
    "space": {"optimizer.learning_rate": {"type": "uniform", "min": 0.1, "max": 0.2}}})"));
  Take();
  EXPECT_THAT(States(), ElementsAre("assigned", "assigned"));
  // when one ends, then the next one is made
  End(0, "completed");
  EXPECT_THAT(States(), ElementsAre("completed", "assigned", "queued"));
  // when all have ended, then there are no more
  for (size_t trial = 1; trial < 6; ++trial) {
    Take();
    End(trial, "completed");
  }
  EXPECT_EQ(States().size(), 6u);
  EXPECT_EQ(Search().ended, "all 6 trials are made");
  EXPECT_EQ(Search().num_trials, 6);
}

TEST_F(SearchTest, GivesEachTrialItsOwnValuesInDocumentAndRecord) {
  Create(Document(R"({"method": "grid", "max_concurrent": 4,
    "space": {"optimizer.learning_rate": [0.1, 0.2], "optimizer.name": ["adamw", "muon"]}})"));
  const SearchRecord search = Search();
  ASSERT_EQ(search.trials.size(), 4u);
  EXPECT_EQ(search.method, "grid");
  EXPECT_EQ(search.trials[1].values_json,
            R"({"optimizer.learning_rate":0.1,"optimizer.name":"muon"})");
  const auto run = Read([&](Reader& reader) { return reader.GetRun(search.trials[2].run_id); });
  EXPECT_EQ(run->run.variant, "trial-3");
  EXPECT_THAT(run->resolved_document, HasSubstr("\"learning_rate\": 0.2"));
  EXPECT_THAT(run->resolved_document, Not(HasSubstr("search")));
}

TEST_F(SearchTest, StopsATrialThatIsNotAmongTheBestAtARung) {
  // given two trials of which the first has passed the lowest rung, at step 4
  Create(Document(kAsha));
  Take();
  Evaluate(0, 4, 2.0);
  // when the second does worse there
  Evaluate(1, 4, 3.0);
  // then it is asked to stop, as a cancelled one is, with the reason
  const std::string run = RunOf(1);
  EXPECT_EQ(StateOf(run), RunState::kCancelling);
  EXPECT_THAT(Renew({HeldBy(run)})->stop, ElementsAre(HeldBy(run)));
  End(1, "stopped");
  const RunRecord record = GetRun(run);
  EXPECT_EQ(record.state, RunState::kCancelled);
  EXPECT_EQ(record.reason, reason::kStoppedBySearch);
  EXPECT_EQ(record.message, "val/loss 3 at step 4 is place 2 of 2; the best 1 goes on");
  // and another one takes its place
  EXPECT_THAT(States(), ElementsAre("running", "stopped", "queued"));
  const SearchRecord search = Search();
  ASSERT_EQ(search.trials[1].rungs.size(), 1u);
  EXPECT_FALSE(search.trials[1].rungs[0].kept);
  EXPECT_EQ(search.trials[1].why, record.message);
  EXPECT_TRUE(search.trials[0].rungs.at(0).kept);
}

TEST_F(SearchTest, LetsOneReportPassSeveralRungs) {
  Create(Document(kAsha));
  Take();
  Evaluate(0, 20, 2.0);
  std::vector<int64_t> steps;
  const SearchRecord search = Search();
  for (const TrialRung& rung : search.trials[0].rungs) steps.push_back(rung.step);
  EXPECT_THAT(steps, ElementsAre(20, 20)) << "the rungs at 4 and 16";
  Evaluate(0, 24, 9.0);
  EXPECT_EQ(Search().trials[0].rungs.size(), 2u) << "each rung once";
}

TEST_F(SearchTest, NeverStopsATrialAtItsLastStep) {
  Create(Document(kAsha));
  Take();
  Evaluate(0, 64, 1.0);
  Evaluate(1, 4, 0.5);
  Evaluate(1, 16, 0.5);
  Evaluate(1, 64, 2.0);
  EXPECT_EQ(StateOf(RunOf(1)), RunState::kRunning);
}

TEST_F(SearchTest, CountsAFailedTrialAsWorstWhereItDidNotCome) {
  // given a trial that failed before the lowest rung
  Create(Document(kAsha));
  Take();
  End(0, "failed");
  // when four others report there: each is judged among one more
  for (int i = 0; i < 3; ++i) {
    Take();
    const size_t trial = States().size() - 1;
    Evaluate(trial, 4, 1.0 + i);
  }
  const SearchRecord search = Search();
  ASSERT_EQ(search.trials[0].rungs.size(), 1u);
  EXPECT_FALSE(search.trials[0].rungs[0].kept);
  EXPECT_THAT(search.trials[0].rungs[0].why, HasSubstr("place 1 of 1, as the worst (it failed)"));
}

TEST_F(SearchTest, PassesOverValuesThatMakeNoDocument) {
  // d_model must be a multiple of the heads
  Create(Document(R"({"method": "random", "max_trials": 5, "max_concurrent": 5,
    "space": {"model.d_model": {"type": "int", "min": 60, "max": 70}}})"));
  const SearchRecord search = Search();
  EXPECT_EQ(search.trials.size(), 5u);
  EXPECT_GT(search.num_invalid, 0);
  EXPECT_EQ(search.num_trials, 5);
}

TEST_F(SearchTest, CountsATrialThatBreaksAConstraintAsWorst) {
  Create(Document(R"({"method": "random", "max_trials": 2, "max_concurrent": 2,
    "constraints": {"train/loss": {"max": 3}},
    "space": {"optimizer.learning_rate": {"type": "uniform", "min": 0.1, "max": 0.2}}})"));
  Take();
  for (size_t trial : {0, 1}) {
    const std::string run = RunOf(trial);
    ASSERT_TRUE(Report(HeldBy(run), {MetricsAt(++seq_[run], 64, trial == 0 ? 5.0 : 2.0)}).ok());
    Evaluate(trial, 64, trial == 0 ? 1.0 : 2.0);
    End(trial, "completed");
  }
  const SearchRecord search = Search();
  EXPECT_EQ(search.trials[0].why, "train/loss is 5, above the max of 3");
  EXPECT_FALSE(search.trials[0].best);
  EXPECT_TRUE(search.trials[1].best);
  EXPECT_THAT(search.trials[1].metrics, ElementsAre(2.0));
}

TEST_F(SearchTest, EndsWithItsExperiment) {
  Create(Document(kAsha));
  Take();
  ASSERT_TRUE(
      Wait<std::string>([&](auto done) { store_->CancelExperiment(experiment_, done); }).ok());
  End(0, "stopped");
  End(1, "stopped");
  EXPECT_THAT(States(), ElementsAre("cancelled", "cancelled"));
  EXPECT_EQ(Search().ended, "the experiment was cancelled");
  EXPECT_TRUE(Wait<Nothing>([&](auto done) { store_->DeleteExperiment(experiment_, done); }).ok());
  Reopen();
}

TEST_F(SearchTest, GoesOnWhenAUserCancelsATrial) {
  Create(Document(kAsha));
  ASSERT_TRUE(Cancel(RunOf(0)).ok());
  EXPECT_THAT(States(), ElementsAre("cancelled", "queued", "queued"));
}

TEST_F(SearchTest, IsWatchedThroughTheTrialsThatItMakes) {
  // given a watch that has seen all there was
  Create(Document(kAsha));
  const auto page = [&](int64_t cursor) {
    return *Read(
        [&](Reader& reader) { return reader.EventsOfExperiment(experiment_, cursor, 100); });
  };
  const EventPage before = page(0);
  EXPECT_EQ(before.events.size(), 2u);
  // when a trial ends and another is made
  Take();
  End(0, "completed");
  // then its events follow
  std::set<std::string> runs;
  const EventPage after = page(before.next_cursor);
  for (const StoredEvent& event : after.events) runs.insert(event.run_id);
  EXPECT_TRUE(runs.contains(RunOf(2)));
  EXPECT_FALSE(page(0).all_finished);
}

// What each trial reports at each rung, by a fixed rule that is not monotonic.
double LossOf(size_t trial, int64_t step) {
  return static_cast<double>((trial * 7 + static_cast<size_t>(step) * 3) % 11);
}

class SearchHistory : public SearchTest, public ::testing::WithParamInterface<int> {
 protected:
  // Trains all trials to their ends, one evaluation at a time in a fixed order, and starts the
  // controller anew before the `restart`-th report.
  std::vector<std::string> Decisions(int restart) {
    Create(Document(kAsha, R"(, "seeds": [1, 2])"));
    int num_reports = 0;
    for (bool any = true; any;) {
      any = false;
      Take();
      for (size_t trial = 0; trial < States().size(); ++trial) {
        for (int64_t step : {4, 16, 64}) {
          if (States()[trial] != "assigned" && States()[trial] != "running") break;
          if (++num_reports == restart) Restart();
          Evaluate(trial, step, LossOf(trial, step));
          any = true;
        }
        if (StateOf(RunOf(trial)) == RunState::kCancelling) End(trial, "stopped");
        if (StateOf(RunOf(trial)) == RunState::kRunning) End(trial, "completed");
      }
    }
    std::vector<std::string> told;
    const SearchRecord search = Search();
    for (const TrialRecord& trial : search.trials) {
      std::string line = absl::StrCat(trial.variant, " seed ", trial.seed, " ", trial.values_json,
                                      " ", trial.state);
      for (const TrialRung& rung : trial.rungs) absl::StrAppend(&line, "; ", rung.why);
      told.push_back(std::move(line));
    }
    return told;
  }
  void Restart() {
    Reopen();
    std::vector<core::FoundRun> found;
    for (const Held& held : held_) {
      found.push_back({.run_id = held.run_id, .attempt = held.attempt, .alive = true});
    }
    ASSERT_TRUE(Register("w", 8, found).ok());
  }
};

TEST_P(SearchHistory, ComesToTheSameDecisionsWhereverTheControllerIsRestarted) {
  const std::vector<std::string> without = Decisions(/*restart=*/0);
  EXPECT_EQ(without.size(), 12u);
  Close();
  std::filesystem::remove(folder_.path() / "fp4.db");
  std::filesystem::remove(folder_.path() / "fp4.db-wal");
  std::filesystem::remove(folder_.path() / "fp4.db-shm");
  held_.clear();
  seq_.clear();
  Open();
  EXPECT_EQ(Decisions(GetParam()), without);
}

INSTANTIATE_TEST_SUITE_P(, SearchHistory, ::testing::Values(1, 2, 3, 5, 8, 13));

}  // namespace
}  // namespace fp4::store::testing
