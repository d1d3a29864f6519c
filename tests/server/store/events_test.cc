// Reports, what they leave in the database, and what a watch sees of them.
#include <cmath>
#include <limits>

#include "base/reasons.h"
#include "gmock/gmock.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::store::testing {
namespace {

using core::RunState;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EventsTest : public StoreTest {
 protected:
  std::vector<Point> Loss(const std::string& run) {
    const auto page = Read([&](Reader& reader) {
      return reader.QueryMetrics({.run_id = run, .names = {"train/loss"}, .page_token = ""});
    });
    EXPECT_TRUE(page.ok()) << page.status();
    return page->series.empty() ? std::vector<Point>() : page->series.at(0).points;
  }

  // The current attempt crashes, and the run is assigned again.
  Held CrashAndRestart(const Held& held) {
    EXPECT_EQ(Exit(held, {.exit_code = 1, .message = "", .stderr_tail = ""}), absl::OkStatus());
    // The experiment's other run comes first, and ends.
    EXPECT_EQ(Complete(Acquire()->assignments.at(0).held), absl::OkStatus());
    Pass(absl::Seconds(4));
    return Acquire()->assignments.at(0).held;
  }
};

template <typename Kind>
const Kind* KindOf(const StoredEvent& event) {
  const auto* kind = std::get_if<spec::EventKind>(&event.kind);
  return kind == nullptr ? nullptr : std::get_if<Kind>(kind);
}

std::vector<std::string> Describe(const std::vector<StoredEvent>& events) {
  std::vector<std::string> texts;
  for (const StoredEvent& event : events) {
    std::string text = std::to_string(event.attempt) + "/" + std::to_string(event.seq) + " ";
    if (const auto* metrics = KindOf<spec::MetricsEvent>(event)) {
      text += "step " + std::to_string(metrics->step);
    } else if (const auto* change = std::get_if<StateChange>(&event.kind)) {
      text += core::RunStateName(change->state);
    } else {
      text += "other";
    }
    texts.push_back(text);
  }
  return texts;
}

TEST_F(EventsTest, AreStoredOnceHoweverOftenTheyAreReported) {
  const Held held = StartOneRun();
  EXPECT_EQ(*Report(held, {MetricsAt(1, 1, 5.0), MetricsAt(2, 2, 4.0)}), 3);
  EXPECT_EQ(*Report(held, {MetricsAt(1, 1, 9.0), MetricsAt(2, 2, 9.0), MetricsAt(3, 3, 3.0)}), 4);
  EXPECT_EQ(*Report(held, {}), 4);
  EXPECT_THAT(Loss(held.run_id), ElementsAre(Field(&Point::value, 5.0), Field(&Point::value, 4.0),
                                             Field(&Point::value, 3.0)));
}

TEST_F(EventsTest, AGapIsRefusedWithTheExpectedSeq) {
  const Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  const absl::Status gap = Report(held, {MetricsAt(3, 3, 3.0)}).status();
  EXPECT_TRUE(absl::IsOutOfRange(gap));
  EXPECT_EQ(ReasonOf(gap), reason::kSeqGap);
  EXPECT_EQ(ReasonMetadataOf(gap)["expected_seq"], "2");
  EXPECT_THAT(Loss(held.run_id), SizeIs(1));
}

TEST_F(EventsTest, MalformedReportsSayWhatIsWrongAndStoreNothing) {
  const Held held = StartOneRun();
  const spec::Event ok = MetricsAt(1, 1, 5.0);
  spec::Event nameless = MetricsAt(2, 2, 1.0);
  std::get<spec::MetricsEvent>(nameless.kind).values[0].first = "";
  spec::Event started{.seq = 2, .time = ok.time, .attempt = 1, .kind = spec::StartedEvent{"[]"}};
  const std::pair<spec::Event, std::string> rows[] = {
      {MetricsAt(3, 2, 1.0), "does not follow 1"},
      {MetricsAt(2, -1, 1.0), "the step is negative"},
      {MetricsAt(2, 2, 1.0, 2), "attempt 2 is not one of 1 to 1"},
      {nameless, "a metric has no name"},
      {started, "`started` does not carry a JSON object"},
      {{.seq = 2, .time = ok.time, .attempt = 1, .kind = spec::PrecisionSwitchEvent()},
       "a switch of precision has no layer"},
      {FinishedAt(2, "exploded"), "none of completed, failed, stopped"},
  };
  for (const auto& [event, what] : rows) {
    const absl::Status status = Report(held, {ok, event}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
  }
  EXPECT_THAT(Loss(held.run_id), IsEmpty());
}

TEST_F(EventsTest, ALaterAttemptsPointReplacesAnEarlierOnes) {
  Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0), MetricsAt(2, 2, 4.0)}).ok());
  held = CrashAndRestart(held);
  ASSERT_TRUE(Report(held, {MetricsAt(3, 2, 4.5, 2), MetricsAt(4, 3, 3.0, 2)}).ok());
  const std::vector<Point> points = Loss(held.run_id);
  ASSERT_THAT(points, SizeIs(3));
  EXPECT_EQ(points[1].value, 4.5);
  EXPECT_EQ(points[1].attempt, 2);
  EXPECT_EQ(points[0].attempt, 1);
}

TEST_F(EventsTest, AReplayShowsAReplacedStepOnce) {
  Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0), MetricsAt(2, 2, 4.0)}).ok());
  held = CrashAndRestart(held);
  ASSERT_TRUE(Report(held, {MetricsAt(3, 2, 4.5, 2)}).ok());
  EXPECT_THAT(Describe(EventsOf({held.run_id})),
              ElementsAre("0/0 queued", "1/0 assigned", "1/1 step 1", "1/0 running", "1/0 queued",
                          "2/0 assigned", "2/3 step 2", "2/0 running"));
}

TEST_F(EventsTest, ALaterAttemptDeliversWhatTheEarlierOneLeftInTheLog) {
  Held held = StartOneRun();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  held = CrashAndRestart(held);
  ASSERT_TRUE(Report(held, {MetricsAt(2, 2, 4.0, 1)}).ok());
  EXPECT_EQ(StateOf(held.run_id), RunState::kAssigned) << "its own trainer has not reported";
  ASSERT_TRUE(Report(held, {MetricsAt(3, 3, 3.0, 2)}).ok());
  EXPECT_EQ(StateOf(held.run_id), RunState::kRunning);
  EXPECT_EQ(Loss(held.run_id)[1].attempt, 1);
}

TEST_F(EventsTest, NonFiniteNumbersComeBackAsTheyWere) {
  const Held held = StartOneRun();
  const double infinity = std::numeric_limits<double>::infinity();
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, std::nan("")), MetricsAt(2, 2, infinity),
                            MetricsAt(3, 3, -infinity)})
                  .ok());
  const std::vector<Point> points = Loss(held.run_id);
  EXPECT_TRUE(std::isnan(points.at(0).value));
  EXPECT_EQ(points.at(1).value, infinity);
  EXPECT_EQ(points.at(2).value, -infinity);
  EXPECT_EQ(GetRun(held.run_id).latest.at(0).second, -infinity);
}

TEST_F(EventsTest, PagesJoinWithoutGapOrRepeatOverSeveralRunsAndARestart) {
  const auto runs = CreateRuns();
  ASSERT_TRUE(Register("worker", 2).ok());
  const auto work = Acquire();
  for (int64_t seq = 1; seq <= 5; ++seq) {
    for (const Assignment& assignment : work->assignments) {
      ASSERT_TRUE(Report(assignment.held, {MetricsAt(seq, seq, 1.0)}).ok());
    }
  }
  const std::vector<StoredEvent> all = EventsOf(runs);
  std::vector<StoredEvent> paged;
  int64_t cursor = 0;
  for (bool at_end = false; !at_end;) {
    const auto page = Read([&](Reader& reader) { return reader.EventsAfter(runs, cursor, 3); });
    paged.insert(paged.end(), page->events.begin(), page->events.end());
    EXPECT_GE(page->next_cursor, cursor);
    cursor = page->next_cursor;
    at_end = page->at_end;
    EXPECT_FALSE(page->all_finished);
    if (paged.size() == 6) Reopen();
  }
  ASSERT_EQ(paged.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(paged[i].cursor, all[i].cursor);
    EXPECT_GT(all[i].cursor, i == 0 ? 0 : all[i - 1].cursor);
  }
}

TEST_F(EventsTest, TheLastPageSaysWhenAllRunsHaveFinished) {
  const Held held = StartOneRun();
  ASSERT_EQ(Complete(held), absl::OkStatus());
  const std::vector<std::string> runs = {held.run_id};
  const auto page = Read([&](Reader& reader) { return reader.EventsAfter(runs, 0, 100); });
  EXPECT_TRUE(page->at_end);
  EXPECT_TRUE(page->all_finished);
}

TEST_F(EventsTest, ListenersHearTheNewestCursorOfEachCommit) {
  const Held held = StartOneRun();
  std::vector<int64_t> heard;
  auto subscription = store_->Subscribe([&](int64_t cursor) { heard.push_back(cursor); });
  ASSERT_TRUE(Report(held, {MetricsAt(1, 1, 5.0)}).ok());
  Sync();
  const auto newest = Read([](Reader& reader) { return reader.NewestCursor(); });
  subscription.reset();
  ASSERT_TRUE(Report(held, {MetricsAt(2, 2, 5.0)}).ok());
  EXPECT_THAT(heard, ElementsAre(*newest));
}

TEST_F(EventsTest, ASwitchOfPrecisionComesBackAsItWas) {
  const Held held = StartOneRun();
  const spec::PrecisionSwitchEvent switched{.step = 3,
                                            .layer = "lm_head",
                                            .to = "high",
                                            .gradient = 0.5,
                                            .gradient_above = 0.25,
                                            .error = 0.125,
                                            .error_above = 0,
                                            .relative = false};
  const spec::Event event{.seq = 1, .time = absl::UnixEpoch(), .attempt = 1, .kind = switched};
  ASSERT_TRUE(Report(held, {event}).ok());
  int found = 0;
  for (const StoredEvent& stored : EventsOf({held.run_id})) {
    const auto* read = KindOf<spec::PrecisionSwitchEvent>(stored);
    if (read == nullptr) continue;
    ++found;
    EXPECT_EQ(spec::FormatEvent({.seq = 1, .time = event.time, .attempt = 1, .kind = *read}),
              spec::FormatEvent(event));
  }
  EXPECT_EQ(found, 1);
}

TEST_F(EventsTest, ADeadTrainersLastWordsAreALogEvent) {
  const Held held = StartOneRun();
  ASSERT_EQ(Exit(held, {.cause = core::ExitCause::kSignaled,
                        .signal = 11,
                        .message = "",
                        .stderr_tail = "CUDA error\n"}),
            absl::OkStatus());
  const auto details = Read([&](Reader& reader) { return reader.GetRun(held.run_id); });
  EXPECT_EQ(details->stderr_tail, "CUDA error\n");
  bool logged = false;
  for (const StoredEvent& event : EventsOf({held.run_id})) {
    const auto* log = KindOf<spec::LogEvent>(event);
    if (log == nullptr) continue;
    EXPECT_EQ(log->message, "CUDA error\n");
    EXPECT_EQ(event.seq, 0);
    logged = true;
  }
  EXPECT_TRUE(logged);
}

}  // namespace
}  // namespace fp4::store::testing
