#include <gmock/gmock.h>

#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/server/web/web_server.h"

namespace fp4::web {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

struct Message {
  int64_t id = 0;
  std::string event, data;
};

// The messages of a text/event-stream; what is not whole yet is left out.
std::vector<Message> Messages(const std::string& text) {
  std::vector<Message> messages;
  std::vector<std::string> blocks = absl::StrSplit(text, "\n\n");
  blocks.pop_back();
  for (const std::string& block : blocks) {
    Message message;
    for (const std::string& line : std::vector<std::string>(absl::StrSplit(block, '\n'))) {
      const std::pair<std::string, std::string> field =
          absl::StrSplit(line, absl::MaxSplits(": ", 1));
      if (field.first == "id") {
        EXPECT_TRUE(absl::SimpleAtoi(field.second, &message.id));
      }
      if (field.first == "event") message.event = field.second;
      if (field.first == "data") message.data = field.second;
    }
    if (!message.data.empty()) messages.push_back(message);
  }
  return messages;
}

class WatchStreamTest : public ::testing::Test {
 protected:
  // Reads the stream until `enough` of its text, or until it ends.
  std::string Read(const std::string& path, const std::function<bool(const std::string&)>& enough,
                   const httplib::Headers& headers = {}) {
    std::string text;
    server_.Client().Get(path, headers, [&](const char* data, size_t size) {
      text.append(data, size);
      return !enough(text);
    });
    return text;
  }
  std::string ReadAll(const std::string& path, const httplib::Headers& headers = {}) {
    return Read(
        path, [](const std::string&) { return false; }, headers);
  }

  // An experiment of one run that has finished.
  std::string FinishedExperiment() {
    const std::string id = server_.rpc().Submit(kOneRun).id();
    rpc::TestWorker worker(server_.rpc().workers(), "worker", 1);
    worker.RunToCompletion(worker.Take(), 40);
    return id;
  }

  static constexpr char kOneRun[] = R"({"schema_version": 1, "name": "one",
    "model": {"preset": "micro"}, "data": {"source": "synthetic"}, "training": {"steps": 40}})";
  WebServer server_;
};

TEST_F(WatchStreamTest, DeliversEveryEventOnceAndEnds) {
  const std::string id = FinishedExperiment();
  const auto messages = Messages(ReadAll("/api/v1/watch?experiment=" + id));
  v1::WatchRequest request;
  request.set_experiment_id(id);
  const std::vector<v1::Event> events = server_.rpc().WatchAll(request);

  ASSERT_EQ(messages.size(), events.size() + 2);  // with "position" and "end"
  EXPECT_EQ(messages.front().event, "position");
  EXPECT_EQ(messages.back().event, "end");
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(messages[i + 1].id, events[i].cursor());
    EXPECT_EQ(Json::parse(messages[i + 1].data)["cursor"], events[i].cursor());
  }
}

TEST_F(WatchStreamTest, GoesOnAfterTheLastEventIdAlsoOfARestartedController) {
  const std::string id = FinishedExperiment();
  const std::string path = "/api/v1/watch?follow_only=1&experiment=" + id;
  const auto all = Messages(ReadAll("/api/v1/watch?experiment=" + id));
  const Message& middle = all[all.size() / 2];

  server_.Restart();

  const auto rest = Messages(ReadAll(path, {{"Last-Event-ID", std::to_string(middle.id)}}));
  ASSERT_EQ(rest.size(), all.size() - all.size() / 2);  // "position" in the place of the middle one
  EXPECT_EQ(rest.front().id, middle.id);
  EXPECT_EQ(rest[1].id, all[all.size() / 2 + 1].id);
}

TEST_F(WatchStreamTest, FollowsWhatIsStoredMeanwhile) {
  const std::string id = server_.rpc().Submit(kOneRun).id();
  std::promise<void> reading;
  auto text = std::async(std::launch::async, [&] {
    bool told = false;
    return Read("/api/v1/watch?follow_only=1&experiment=" + id, [&](const std::string& so_far) {
      if (!std::exchange(told, true)) reading.set_value();
      return so_far.find("event: end") != std::string::npos;
    });
  });
  reading.get_future().wait();

  rpc::TestWorker worker(server_.rpc().workers(), "worker", 1);
  worker.RunToCompletion(worker.Take(), 5);

  const auto messages = Messages(text.get());
  EXPECT_EQ(messages.back().event, "end");
  EXPECT_THAT(messages[messages.size() - 2].data, HasSubstr("\"completed\""));
}

TEST_F(WatchStreamTest, AReaderThatGoesAwayLeavesNothingBehind) {
  const std::string id = server_.rpc().Submit(kOneRun).id();
  // More than the server allows at a time, one after the other.
  for (int i = 0; i < 150; ++i) {
    const std::string text = Read("/api/v1/watch?experiment=" + id, [](const std::string& so_far) {
      return so_far.find("position") != std::string::npos;
    });
    ASSERT_THAT(text, HasSubstr("position")) << i;
  }
}

TEST_F(WatchStreamTest, ABrokenLastEventIdIsAnError) {
  const std::string id = server_.rpc().Submit(kOneRun).id();
  const auto answer = server_.Get("/api/v1/watch?experiment=" + id, {{"Last-Event-ID", "x"}});
  EXPECT_EQ(answer->status, 400);
  EXPECT_THAT(answer->body, HasSubstr("Last-Event-ID: is 'x'"));
}

TEST_F(WatchStreamTest, AStoppingControllerEndsItsStreams) {
  const std::string id = server_.rpc().Submit(kOneRun).id();
  std::promise<void> reading;
  auto text = std::async(std::launch::async, [&] {
    bool told = false;
    return Read("/api/v1/watch?experiment=" + id, [&](const std::string& so_far) {
      if (so_far.find("queued") != std::string::npos && !std::exchange(told, true)) {
        reading.set_value();
      }
      return false;
    });
  });
  reading.get_future().wait();
  server_.Restart();
  EXPECT_THAT(text.get(), HasSubstr("queued"));
}

}  // namespace
}  // namespace fp4::web
