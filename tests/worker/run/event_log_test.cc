#include "worker/run/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/worker/temporary_folder.h"

namespace fp4::worker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class EventLogTest : public testing::Test {
 protected:
  void Append(std::string_view text) { std::ofstream(path_, std::ios::app) << text; }
  void AppendEvent(int64_t seq, int32_t attempt = 1) {
    Append(spec::FormatEvent(
               {.seq = seq,
                .time = absl::UnixEpoch(),
                .attempt = attempt,
                .kind = spec::MetricsEvent{.step = seq,
                                           .values = {{"train/tokens_per_second", 10.0 * seq}}}}) +
           "\n");
  }
  static std::vector<int64_t> Seqs(const std::vector<spec::Event>& events) {
    std::vector<int64_t> seqs;
    for (const spec::Event& event : events) seqs.push_back(event.seq);
    return seqs;
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "events.jsonl";
};

TEST_F(EventLogTest, ReadLinesLeavesATornLineUntilItIsWhole) {
  EXPECT_THAT(*ReadLines(path_, 0, {}), IsEmpty());
  Append("first\nsec");
  std::vector<Line> lines = *ReadLines(path_, 0, {});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].text, "first");
  EXPECT_EQ(lines[0].end_offset, 6);
  EXPECT_THAT(*ReadLines(path_, 6, {}), IsEmpty());
  Append("ond\n");
  EXPECT_EQ((*ReadLines(path_, 6, {}))[0].text, "second");
}

TEST_F(EventLogTest, ReadLinesKeepsItsLimitsButGivesALongLineWhole) {
  Append(std::string(5000, 'x') + "\nb\nc\n");
  const ReadLimits limits = {.max_lines = 2, .max_bytes = 100};
  std::vector<Line> lines = *ReadLines(path_, 0, limits);
  EXPECT_EQ(lines[0].text.size(), 5000u);
  EXPECT_EQ(ReadLines(path_, 5001, limits)->size(), 2u);
}

TEST_F(EventLogTest, ReadLinesRefusesALineWithoutEnd) {
  Append(std::string(kMaxLineBytes + 1, 'x'));
  EXPECT_TRUE(absl::IsDataLoss(ReadLines(path_, 0, {}).status()));
}

TEST_F(EventLogTest, ObserverSumsUpWhatIsWritten) {
  AppendEvent(1);
  Append("not an event\n");
  AppendEvent(2);
  LogObserver log(path_);
  ASSERT_TRUE(log.AdvanceToEnd().ok());
  EXPECT_EQ(log.summary().first_seq, 1);
  EXPECT_EQ(log.summary().last_seq, 2);
  EXPECT_EQ(log.summary().num_bad_lines, 1);
  EXPECT_EQ(log.summary().tokens_per_second, 20);
  EXPECT_FALSE(log.summary().finished.has_value());
  Append(spec::FormatEvent({.seq = 3,
                            .time = absl::UnixEpoch(),
                            .attempt = 1,
                            .kind = spec::FinishedEvent{"completed", ""}}) +
         "\n");
  ASSERT_TRUE(log.AdvanceToEnd().ok());
  EXPECT_EQ(log.summary().finished->status, "completed");
  AppendEvent(4, 2);  // the next attempt writes on
  ASSERT_TRUE(log.AdvanceToEnd().ok());
  EXPECT_FALSE(log.summary().finished.has_value());
}

TEST_F(EventLogTest, CursorRepeatsUntilItIsMoved) {
  for (int64_t seq = 1; seq <= 5; ++seq) AppendEvent(seq);
  DeliveryCursor cursor(path_, 1);
  EXPECT_THAT(Seqs(*cursor.Peek({.max_lines = 2})), ElementsAre(1, 2));
  EXPECT_THAT(Seqs(*cursor.Peek({.max_lines = 2})), ElementsAre(1, 2));
  cursor.Seek(3);
  EXPECT_THAT(Seqs(*cursor.Peek({})), ElementsAre(3, 4, 5));
  cursor.Seek(6);
  EXPECT_THAT(*cursor.Peek({}), IsEmpty());
  AppendEvent(6);
  EXPECT_THAT(Seqs(*cursor.Peek({})), ElementsAre(6));
}

TEST_F(EventLogTest, CursorGoesBackAndForwardAsTheControllerAsks) {
  for (int64_t seq = 1; seq <= 9; ++seq) AppendEvent(seq);
  DeliveryCursor cursor(path_, 7);
  EXPECT_THAT(Seqs(*cursor.Peek({})), ElementsAre(7, 8, 9));
  cursor.Seek(2);
  EXPECT_THAT(Seqs(*cursor.Peek({.max_lines = 3})),
              ElementsAre(2, 3));  // line 1 was one of the three
  cursor.Seek(9);
  EXPECT_THAT(Seqs(*cursor.Peek({.max_lines = 3})), ElementsAre(9));
}

TEST_F(EventLogTest, CursorReportsAGapAfterWhatComesBeforeIt) {
  AppendEvent(1);
  AppendEvent(3);
  DeliveryCursor cursor(path_, 1);
  EXPECT_THAT(Seqs(*cursor.Peek({})), ElementsAre(1));
  cursor.Seek(2);
  EXPECT_TRUE(absl::IsDataLoss(cursor.Peek({}).status()));
}

TEST_F(EventLogTest, CursorFillsTheGapThatADamagedLineLeaves) {
  const auto line = [](int64_t seq) {
    return spec::FormatEvent({.seq = seq,
                              .time = absl::UnixEpoch(),
                              .attempt = 1,
                              .kind = spec::LogEvent{"info", "x"}}) +
           "\n";
  };
  struct Row {
    const char* name;
    std::string damaged;  // stands between the events 2 and `next`
    int64_t next;
  };
  const std::string whole = line(3);
  const Row rows[] = {
      {"cut off", whole.substr(0, 20) + "\n", 4},
      {"zeros", std::string(whole.size() - 1, '\0') + "\n", 4},
      {"two glued together", whole.substr(0, 70) + line(4), 5},
      {"two lines", "{\n" + whole.substr(0, 90) + "\n", 5},
  };
  for (const Row& row : rows) {
    std::filesystem::remove(path_);
    Append(line(1) + line(2) + row.damaged);
    DeliveryCursor cursor(path_, 1);
    EXPECT_THAT(Seqs(*cursor.Peek({})), ElementsAre(1, 2)) << row.name;
    cursor.Seek(3);
    EXPECT_THAT(*cursor.Peek({}), IsEmpty()) << row.name;
    Append(line(row.next));

    const std::vector<spec::Event> events = *cursor.Peek({});

    ASSERT_EQ(events.size(), static_cast<size_t>(row.next - 2)) << row.name;
    for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].seq, 3 + int64_t(i)) << row.name;
    EXPECT_EQ(std::get<spec::LogEvent>(events.front().kind).severity, "warning") << row.name;
    cursor.Seek(row.next + 1);
    Append(line(row.next + 1));
    EXPECT_THAT(Seqs(*cursor.Peek({})), ElementsAre(row.next + 1)) << row.name;
  }
}

TEST_F(EventLogTest, CursorDoesNotBlameDamageForMoreThanItCanHide) {
  AppendEvent(1);
  Append("{\n");
  AppendEvent(4);  // two are missing, and the damage hides one at most
  DeliveryCursor cursor(path_, 1);
  EXPECT_THAT(Seqs(*cursor.Peek({})), ElementsAre(1));
  cursor.Seek(2);
  EXPECT_TRUE(absl::IsDataLoss(cursor.Peek({}).status()));
}

TEST_F(EventLogTest, CursorGoesOnAfterATornLineWasTruncated) {
  AppendEvent(1);
  Append("{\"seq\":2,\"ti");
  DeliveryCursor cursor(path_, 1);
  EXPECT_THAT(Seqs(*cursor.Peek({})), ElementsAre(1));
  cursor.Seek(2);
  EXPECT_THAT(*cursor.Peek({}), IsEmpty());
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 12);
  AppendEvent(2, 2);
  EXPECT_THAT(Seqs(*cursor.Peek({})), ElementsAre(2));
}

}  // namespace
}  // namespace fp4::worker
