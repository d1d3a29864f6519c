#include "trainer/run/event_log.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "base/file.h"
#include "base/reasons.h"

namespace fp4::trainer {
namespace {

class FixedClock : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'700'000'000); }
  absl::Duration SinceBoot() const override { return absl::ZeroDuration(); }
};

class EventLogTest : public testing::Test {
 protected:
  EventLogTest() {
    std::string pattern = testing::TempDir() + "event-log-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~EventLogTest() override { std::filesystem::remove_all(folder_); }

  EventLog Open(LogOptions options = {}) { return *EventLog::Open(path(), options, clock_); }
  std::filesystem::path path() const { return folder_ / "events.jsonl"; }

  std::vector<spec::Event> ReadEvents() {
    std::vector<spec::Event> events;
    std::ifstream file(path());
    for (std::string line; std::getline(file, line);) events.push_back(*spec::ParseEvent(line));
    return events;
  }

  std::filesystem::path folder_;
  FixedClock clock_;
};

TEST_F(EventLogTest, NewLogCountsFromOne) {
  EventLog log = Open();
  ASSERT_TRUE(log.Append(spec::LogEvent{"info", "a"}).ok());
  ASSERT_TRUE(log.Append(spec::MetricsEvent{3, {{"train/loss", 1.5}}}).ok());

  std::vector<spec::Event> events = ReadEvents();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].seq, 1);
  EXPECT_EQ(events[1].seq, 2);
  EXPECT_EQ(events[1].attempt, 1);
}

TEST_F(EventLogTest, NextAttemptGoesOnWithSeqAndAttempt) {
  ASSERT_TRUE(Open().Append(spec::LogEvent{"info", "a"}).ok());
  EventLog second = Open();
  ASSERT_TRUE(second.Append(spec::LogEvent{"info", "b"}).ok());

  std::vector<spec::Event> events = ReadEvents();
  EXPECT_EQ(events[1].seq, 2);
  EXPECT_EQ(events[1].attempt, 2);
}

TEST_F(EventLogTest, AssignedNumbersCountOnAHostWithoutTheLog) {
  EventLog log = Open({.attempt = 4, .next_seq = 100});
  ASSERT_TRUE(log.Append(spec::LogEvent{"info", "a"}).ok());
  EXPECT_EQ(ReadEvents()[0].seq, 100);
  EXPECT_EQ(ReadEvents()[0].attempt, 4);
}

TEST_F(EventLogTest, AssignedSeqBehindTheLogDoesNotRepeatOne) {
  {
    EventLog log = Open();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(log.Append(spec::LogEvent{"info", "a"}).ok());
  }
  EventLog log = Open({.attempt = 2, .next_seq = 3});
  ASSERT_TRUE(log.Append(spec::LogEvent{"info", "b"}).ok());
  EXPECT_EQ(ReadEvents().back().seq, 6);
}

TEST_F(EventLogTest, TornLastLineIsCutOffByTheNextEvent) {
  ASSERT_TRUE(Open().Append(spec::LogEvent{"info", "a"}).ok());
  std::ofstream(path(), std::ios::app) << R"({"seq":2,"time":"2026-01)";

  EventLog log = Open();
  EXPECT_EQ(log.history().last_seq, 1);
  ASSERT_TRUE(log.Append(spec::LogEvent{"info", "b"}).ok());

  std::vector<spec::Event> events = ReadEvents();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].seq, 2);
}

TEST_F(EventLogTest, OpeningAloneChangesNothing) {
  std::ofstream(path()) << R"({"seq":2,"time":"2026-01)";
  Open();
  EXPECT_EQ(*ReadFile(path()), R"({"seq":2,"time":"2026-01)");
}

TEST_F(EventLogTest, DamagedWholeLineCostsThatLineAndIsSaid) {
  const std::string event = R"({"seq":2,"time":"2026-01-02T03:04:05.678Z","attempt":1,)";
  for (const std::string& damaged :
       {std::string("nonsense"), event, event + R"("type":"log","sev)" + event,
        std::string(100, '\0'), std::string()}) {
    std::filesystem::remove(path());
    ASSERT_TRUE(Open().Append(spec::LogEvent{"info", "a"}).ok());
    std::ofstream(path(), std::ios::app) << damaged << '\n';

    EventLog log = Open();

    ASSERT_EQ(log.history().warnings.size(), 1u) << damaged;
    EXPECT_NE(log.history().warnings[0].find("events.jsonl:2: "), std::string::npos);
    EXPECT_EQ(log.history().last_seq, 1);
    ASSERT_TRUE(log.Append(spec::LogEvent{"info", "b"}).ok());
    EXPECT_EQ(Open().history().last_seq, 2);
  }
}

TEST_F(EventLogTest, ManyDamagedLinesAreCountedNotListed) {
  std::ofstream out(path());
  for (int i = 0; i < 1000; ++i) out << "x\n";
  out.close();
  const std::vector<std::string> warnings = Open().history().warnings;
  ASSERT_EQ(warnings.size(), 6u);
  EXPECT_NE(warnings.back().find("995 more lines"), std::string::npos) << warnings.back();
}

// A limit on the size of files stands for a full disk: a write beyond it is cut short, the next one
// fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(int64_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(bytes);
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(EventLogTest, LineThatTheDiskCutShortIsGoneBeforeTheNextOneIsWritten) {
  EventLog log = Open();
  ASSERT_TRUE(log.Append(spec::LogEvent{"info", "a"}).ok());
  const auto size = static_cast<int64_t>(std::filesystem::file_size(path()));
  {
    FileSizeLimit full(size + 30);
    absl::Status status = log.Append(spec::LogEvent{"info", "lost"});
    EXPECT_EQ(ReasonOf(status), reason::kMachineFault) << status;
    EXPECT_NE(std::string(status.message()).find(path().string()), std::string::npos) << status;
  }

  ASSERT_TRUE(log.Append(spec::LogEvent{"info", "b"}).ok());

  std::vector<spec::Event> events = ReadEvents();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].seq, 2);
  EXPECT_EQ(std::get<spec::LogEvent>(events[1].kind).message, "b");
}

TEST_F(EventLogTest, ListenerHearsWhatIsInTheLogAndNothingElse) {
  std::vector<int64_t> heard;
  EventLog log = Open({.listener = [&](const spec::Event& event) { heard.push_back(event.seq); }});
  ASSERT_TRUE(log.Append(spec::LogEvent{"info", "a"}).ok());
  {
    FileSizeLimit full(10);
    EXPECT_FALSE(log.Append(spec::LogEvent{"info", "lost"}).ok());
  }
  ASSERT_TRUE(log.Append(spec::LogEvent{"info", "b"}).ok());
  EXPECT_EQ(heard, (std::vector<int64_t>{1, 2}));
}

TEST_F(EventLogTest, HistoryTellsWhatTheNextAttemptNeeds) {
  {
    EventLog log = Open();
    std::string facts = R"({"data_sha256":"d5","document":{"name":"x"}})";
    ASSERT_TRUE(log.Append(spec::StartedEvent{facts}).ok());
    ASSERT_TRUE(log.Append(spec::HealthEvent{"error", "frozen_layer", "lm_head", "m"}).ok());
    ASSERT_TRUE(log.Append(spec::CheckpointEvent{"/r/step-1", 1, 10, "ab"}).ok());
    ASSERT_TRUE(log.Append(spec::FinishedEvent{"completed", ""}).ok());
  }
  LogHistory history = Open().history();
  EXPECT_EQ(history.document, R"({"name":"x"})");
  EXPECT_EQ(history.data_sha256, "d5");
  EXPECT_TRUE(history.reported.at("frozen_layer").contains("lm_head"));
  EXPECT_TRUE(history.checkpoint_paths.contains("/r/step-1"));
  EXPECT_TRUE(history.completed);
}

TEST_F(EventLogTest, FailedAttemptIsNotTheEnd) {
  ASSERT_TRUE(Open().Append(spec::FinishedEvent{"failed", "x"}).ok());
  EXPECT_FALSE(Open().history().completed);
}

}  // namespace
}  // namespace fp4::trainer
