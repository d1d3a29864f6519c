#include "base/reasons.h"
#include "gmock/gmock.h"
#include "server/store/connection.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::store::testing {
namespace {

using core::RunState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ExperimentsTest : public StoreTest {
 protected:
  absl::Status Delete(const std::string& id) {
    return Wait<Nothing>([&](auto done) { store_->DeleteExperiment(id, done); }).status();
  }
  absl::StatusOr<ExperimentRecord> Get(const std::string& id) {
    return Read([&](Reader& reader) { return reader.GetExperiment(id); });
  }
};

TEST_F(ExperimentsTest, AreReadBackAsTheyWereCreatedAlsoAfterARestart) {
  const std::string id = Create(MakeExperiment())->id;
  Reopen();
  const auto experiment = Get(id);
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  EXPECT_EQ(experiment->name, "demo");
  EXPECT_EQ(experiment->project, "default");
  EXPECT_EQ(experiment->document, kDemoDocument);
  EXPECT_EQ(experiment->created_by, "tester");
  EXPECT_EQ(experiment->create_time, clock_.Now());
  ASSERT_THAT(experiment->runs, SizeIs(2));
  EXPECT_EQ(experiment->runs[0].variant, "baseline");
  EXPECT_EQ(experiment->runs[1].variant, "fp4");
  EXPECT_EQ(experiment->runs[1].total_steps, 40);
  EXPECT_EQ(experiment->runs[1].state, RunState::kQueued);
}

TEST_F(ExperimentsTest, TheSameRequestIdMakesOneExperiment) {
  const auto first = Create(MakeExperiment(kDemoDocument, "request-1"));
  const auto second = Create(MakeExperiment(kDemoDocument, "request-1"));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->id, first->id);
  EXPECT_TRUE(second->existed);
  NewExperiment other = MakeExperiment(kDemoDocument, "request-1");
  other.overrides = {"training.steps=50"};
  EXPECT_EQ(ReasonOf(Create(other).status()), reason::kRequestIdReused);
}

TEST_F(ExperimentsTest, APrefixIsEnoughWhereItFitsOneOnly) {
  const auto runs = CreateRuns();  // r0000002 and r0000003
  const auto get = [&](const std::string& id) {
    return Read([&](Reader& reader) { return reader.GetRun(id); });
  };
  EXPECT_EQ(get("r0000002")->run.id, runs[0]);
  EXPECT_EQ(ReasonOf(get("r000000").status()), reason::kAmbiguousId);
  EXPECT_EQ(ReasonOf(get("x").status()), reason::kNotFound);
  EXPECT_EQ(ReasonOf(get("").status()), reason::kNotFound);
  EXPECT_EQ(Get("r")->id, "r0000001");
}

TEST_F(ExperimentsTest, PagesFollowOneAnotherNewestFirst) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Create(MakeExperiment()).ok());
  std::vector<std::string> ids;
  std::string token;
  int num_pages = 0;
  do {
    const auto page =
        Read([&](Reader& reader) { return reader.ListExperiments("default", 2, token); });
    ASSERT_TRUE(page.ok()) << page.status();
    for (const ExperimentRecord& experiment : page->items) ids.push_back(experiment.id);
    token = page->next_token;
    ++num_pages;
  } while (!token.empty());
  EXPECT_EQ(num_pages, 3);
  EXPECT_THAT(ids, ElementsAre("r0000013", "r0000010", "r0000007", "r0000004", "r0000001"));
}

TEST_F(ExperimentsTest, AForeignPageTokenIsRefused) {
  const auto page = Read([&](Reader& reader) { return reader.ListExperiments("", 2, "bogus"); });
  EXPECT_EQ(ReasonOf(page.status()), reason::kInvalidArgument);
  EXPECT_THAT(std::string(page.status().message()), HasSubstr("bogus"));
  const auto size = Read([&](Reader& reader) { return reader.ListExperiments("", -1, ""); });
  EXPECT_EQ(ReasonOf(size.status()), reason::kInvalidArgument);
}

TEST_F(ExperimentsTest, RunsAreListedByStateAndExperiment) {
  const auto runs = CreateRuns();
  CreateRuns();
  ASSERT_TRUE(Cancel(runs[0]).ok());
  const auto list = [&](const std::string& experiment, std::vector<RunState> states) {
    std::vector<std::string> ids;
    const auto page =
        Read([&](Reader& reader) { return reader.ListRuns(experiment, states, 0, ""); });
    for (const RunRecord& run : page->items) ids.push_back(run.id);
    return ids;
  };
  EXPECT_THAT(list("", {}), ElementsAre("r0000005", "r0000006", "r0000002", "r0000003"));
  EXPECT_THAT(list("", {RunState::kCancelled}), ElementsAre("r0000002"));
  EXPECT_THAT(list("r0000001", {RunState::kQueued}), ElementsAre("r0000003"));
}

TEST_F(ExperimentsTest, ACancelledExperimentCanBeDeletedAndItsRequestIdUsedAgain) {
  const std::string id = Create(MakeExperiment(kDemoDocument, "request-1"))->id;
  EXPECT_EQ(ReasonOf(Delete(id)), reason::kRunsActive);
  ASSERT_TRUE(Wait<std::string>([&](auto done) { store_->CancelExperiment(id, done); }).ok());
  EXPECT_EQ(store_->CountRuns()[RunState::kCancelled], 2);
  ASSERT_EQ(Delete(id), absl::OkStatus());
  EXPECT_EQ(ReasonOf(Get(id).status()), reason::kNotFound);
  EXPECT_EQ(ReasonOf(Delete(id)), reason::kNotFound);
  EXPECT_EQ(store_->CountRuns()[RunState::kCancelled], 0);
  EXPECT_FALSE(Create(MakeExperiment(kDemoDocument, "request-1"))->existed);
}

TEST_F(ExperimentsTest, WhatWasDeletedIsRemovedFromTheDatabaseAndTheCursorGoesOn) {
  const Held held = StartOneRun();
  for (int64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(Report(held, {MetricsAt(i + 1, i, 1.0)}).ok());
  }
  const std::string experiment = GetRun(held.run_id).experiment_id;
  ASSERT_EQ(Complete(held, 4), absl::OkStatus());
  ASSERT_TRUE(
      Wait<std::string>([&](auto done) { store_->CancelExperiment(experiment, done); }).ok());
  const int64_t before = *Read([](Reader& reader) { return reader.NewestCursor(); });
  ASSERT_EQ(Delete(experiment), absl::OkStatus());
  EXPECT_THAT(EventsOf({held.run_id}), IsEmpty());
  for (int i = 0; i < 20; ++i) Sync();  // each lets the writer remove a bit
  Close();
  {
    Connection connection(folder_.path() / "fp4.db", Connection::Mode::kRead);
    Query rows(connection,
               "SELECT (SELECT COUNT(*) FROM points) + (SELECT COUNT(*) FROM series) + "
               "(SELECT COUNT(*) FROM events) + (SELECT COUNT(*) FROM runs) + "
               "(SELECT COUNT(*) FROM attempts) + (SELECT COUNT(*) FROM experiments)");
    ASSERT_TRUE(rows.Next());
    EXPECT_EQ(rows.Int(0), 0);
  }
  Open();
  const auto runs = CreateRuns();
  EXPECT_GT(EventsOf(runs).front().cursor, before);
}

TEST_F(ExperimentsTest, CompareInputsCarryTheCurvesBySeed) {
  const Held held = StartOneRun();
  spec::Event metrics = MetricsAt(1, 40, 2.5);
  std::get<spec::MetricsEvent>(metrics.kind).values = {{"val/loss", 2.5},
                                                       {"val/accuracy", 0.25},
                                                       {"train/tokens_per_second", 100.0},
                                                       {"memory/state_bytes", 700.0},
                                                       {"memory/peak_bytes", 9000.0}};
  spec::Event later = MetricsAt(2, 50, 2.5);
  std::get<spec::MetricsEvent>(later.kind).values = {{"memory/peak_bytes", 8000.0}};
  ASSERT_TRUE(Report(held, {metrics, later}).ok());
  const std::string experiment = GetRun(held.run_id).experiment_id;
  const auto inputs =
      Read([&](Reader& reader) { return reader.GetCompareInputs(experiment, "val/loss"); });
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  ASSERT_THAT(*inputs, SizeIs(2));
  ASSERT_THAT(inputs->at(0).curve, SizeIs(1));
  EXPECT_EQ(inputs->at(0).curve[0].step, 40);
  EXPECT_EQ(inputs->at(0).curve[0].value, 2.5);
  EXPECT_EQ(inputs->at(0).final_accuracy, 0.25);
  EXPECT_EQ(inputs->at(0).throughput.at(0).value, 100.0);
  EXPECT_EQ(inputs->at(0).state_bytes, 700.0);
  EXPECT_EQ(inputs->at(0).peak_bytes, 9000.0);
  EXPECT_THAT(inputs->at(0).hosts, ElementsAre("host"));
  EXPECT_TRUE(inputs->at(1).curve.empty());
  EXPECT_TRUE(inputs->at(1).hosts.empty());
}

TEST_F(ExperimentsTest, SeriesOfLayersAreInARunAndNotInLists) {
  const Held held = StartOneRun();
  spec::Event metrics = MetricsAt(1, 40, 2.5);
  std::get<spec::MetricsEvent>(metrics.kind).values = {{"val/loss", 2.5},
                                                       {"quant/lm_head/weight_zeros", 0.5}};
  ASSERT_TRUE(Report(held, {metrics}).ok());
  EXPECT_THAT(GetRun(held.run_id).latest, SizeIs(2));
  const std::string experiment = GetRun(held.run_id).experiment_id;
  const auto listed = Read([&](Reader& reader) { return reader.GetExperiment(experiment); });
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_THAT(listed->runs.at(0).latest, SizeIs(1));
}

}  // namespace
}  // namespace fp4::store::testing
