#include "server/rpc/watch.h"

#include <gmock/gmock.h>

#include <future>
#include <random>
#include <thread>

#include "tests/server/rpc/test_server.h"

namespace fp4::rpc {
namespace {

using ::testing::ElementsAreArray;
using ::testing::Gt;
using ::testing::SizeIs;

std::vector<int64_t> CursorsOf(const std::vector<v1::Event>& events) {
  std::vector<int64_t> cursors;
  for (const v1::Event& event : events) cursors.push_back(event.cursor());
  return cursors;
}

v1::WatchRequest ExperimentFrom(const std::string& id, int64_t cursor = 0) {
  v1::WatchRequest request;
  request.set_experiment_id(id);
  request.set_cursor(cursor);
  return request;
}

class WatchTest : public ::testing::Test {
 protected:
  // The events of a request, of which at most `count` are read before the caller goes away.
  std::vector<v1::Event> ReadSome(const v1::WatchRequest& request, size_t count) {
    grpc::ClientContext context;
    auto reader = server_.experiments().Watch(&context, request);
    std::vector<v1::Event> events;
    for (v1::Event event; events.size() < count && reader->Read(&event);) events.push_back(event);
    context.TryCancel();
    reader->Finish();
    return events;
  }

  // An experiment whose runs have all completed.
  v1::Experiment Finished(int num_steps) {
    v1::Experiment experiment = server_.Submit();
    TestWorker worker(server_.workers(), "w", 4);
    for (int i = 0; i < experiment.runs_size(); ++i)
      worker.RunToCompletion(worker.Take(), num_steps);
    return experiment;
  }

  TestServer server_;
};

TEST_F(WatchTest, DeliversAllEventsOnceInCommitOrderAndEndsWithOk) {
  const v1::Experiment experiment = Finished(10);
  grpc::Status status;
  const auto events = server_.WatchAll(ExperimentFrom(experiment.id()), &status);
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (size_t i = 1; i < events.size(); ++i) EXPECT_LT(events[i - 1].cursor(), events[i].cursor());
  std::map<std::string, int64_t> last_seq;
  for (const v1::Event& event : events) {
    if (event.seq() == 0) continue;  // the controller's own
    EXPECT_EQ(event.seq(), ++last_seq[event.run_id()]);
  }
  EXPECT_THAT(last_seq, SizeIs(4));
  for (const auto& [run, seq] : last_seq) EXPECT_EQ(seq, 13) << run;
}

TEST_F(WatchTest, ConcatenationOverReconnectsEqualsTheWhole) {
  const v1::Experiment experiment = Finished(150);  // several pages
  const auto whole = server_.WatchAll(ExperimentFrom(experiment.id()));
  ASSERT_THAT(whole.size(), Gt(600));
  std::mt19937 random(7);
  for (int round = 0; round < 10; ++round) {
    std::vector<v1::Event> pieces;
    while (pieces.size() < whole.size()) {
      const int64_t cursor = pieces.empty() ? 0 : pieces.back().cursor();
      const auto piece = ReadSome(ExperimentFrom(experiment.id(), cursor), 1 + random() % 300);
      ASSERT_FALSE(piece.empty());
      pieces.insert(pieces.end(), piece.begin(), piece.end());
    }
    ASSERT_THAT(CursorsOf(pieces), ElementsAreArray(CursorsOf(whole)));
    for (size_t i = 0; i < whole.size(); ++i) {
      ASSERT_EQ(pieces[i].SerializeAsString(), whole[i].SerializeAsString());
    }
  }
}

TEST_F(WatchTest, ConcatenationOverReconnectsWhileItRunsEqualsTheWhole) {
  const v1::Experiment experiment = server_.Submit();
  std::thread trainer([&] {
    TestWorker worker(server_.workers(), "w", 1);
    for (int i = 0; i < 4; ++i) {
      const v1::Assignment run = worker.Take();
      for (int seq = 1; seq <= 60; ++seq) {
        EXPECT_TRUE(worker.Report(run, {MetricsAt(seq, 1, seq, "train/loss", 1.0 / seq)}).ok());
      }
      EXPECT_TRUE(worker.Report(run, {FinishedAt(61, 1)}).ok());
      EXPECT_TRUE(worker.Exit(run, 0).ok());
    }
  });
  std::mt19937 random(11);
  std::vector<v1::Event> pieces;
  for (bool ended = false; !ended;) {
    const int64_t cursor = pieces.empty() ? 0 : pieces.back().cursor();
    const size_t wanted = 1 + random() % 40;
    const auto piece = ReadSome(ExperimentFrom(experiment.id(), cursor), wanted);
    pieces.insert(pieces.end(), piece.begin(), piece.end());
    ended = piece.size() < wanted;
  }
  trainer.join();
  EXPECT_THAT(CursorsOf(pieces),
              ElementsAreArray(CursorsOf(server_.WatchAll(ExperimentFrom(experiment.id())))));
}

TEST_F(WatchTest, GoesOnAfterARestartOfTheController) {
  const v1::Experiment experiment = Finished(20);
  const auto whole = server_.WatchAll(ExperimentFrom(experiment.id()));
  auto pieces = ReadSome(ExperimentFrom(experiment.id()), 17);
  server_.Restart();
  const auto rest = server_.WatchAll(ExperimentFrom(experiment.id(), pieces.back().cursor()));
  pieces.insert(pieces.end(), rest.begin(), rest.end());
  EXPECT_THAT(CursorsOf(pieces), ElementsAreArray(CursorsOf(whole)));
}

TEST_F(WatchTest, FollowsARunUntilItHasFinished) {
  const v1::Experiment experiment = server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment run = worker.Take();
  v1::WatchRequest request;
  request.add_run_ids(run.run_id());
  grpc::ClientContext context;
  auto reader = server_.experiments().Watch(&context, request);
  v1::Event event;
  while (reader->Read(&event) && event.state().state() != v1::RUN_STATE_ASSIGNED) {
  }
  worker.RunToCompletion(run, 3);
  std::vector<int64_t> seqs;
  while (reader->Read(&event)) {
    if (event.seq() > 0) seqs.push_back(event.seq());
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_THAT(seqs, ::testing::ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(WatchTest, FollowOnlyStartsWithWhatComes) {
  const v1::Experiment experiment = server_.Submit();
  v1::WatchRequest request = ExperimentFrom(experiment.id());
  request.set_follow_only(true);
  grpc::ClientContext context;
  auto reader = server_.experiments().Watch(&context, request);
  reader->WaitForInitialMetadata();
  TestWorker worker(server_.workers(), "w", 4);
  worker.Take();
  v1::Event event;
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.state().state(), v1::RUN_STATE_ASSIGNED);  // not the queueing, which is older
  context.TryCancel();
  reader->Finish();
}

TEST_F(WatchTest, NoFollowEndsAtWhatIsStored) {
  const v1::Experiment experiment = server_.Submit();
  v1::WatchRequest request = ExperimentFrom(experiment.id());
  request.set_no_follow(true);
  grpc::Status status;
  EXPECT_THAT(server_.WatchAll(request, &status), SizeIs(4));
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(WatchTest, ASlowReaderHoldsUpNobody) {
  const v1::Experiment experiment = server_.Submit();
  grpc::ClientContext context;
  auto slow = server_.experiments().Watch(&context, ExperimentFrom(experiment.id()));
  v1::Event event;
  ASSERT_TRUE(slow->Read(&event));  // and no more until all is done

  TestWorker worker(server_.workers(), "w", 4);
  v1::Event log = StartedAt(1, 1);
  log.mutable_log()->set_message(std::string(20'000, 'x'));
  for (int i = 0; i < 4; ++i) {
    const v1::Assignment run = worker.Take();
    for (int seq = 1; seq <= 100; ++seq) {
      log.set_seq(seq);
      ASSERT_TRUE(worker.Report(run, {log}).ok());
    }
    ASSERT_TRUE(worker.Report(run, {FinishedAt(101, 1)}).ok());
    ASSERT_TRUE(worker.Exit(run, 0).ok());
  }
  const auto whole = server_.WatchAll(ExperimentFrom(experiment.id()));

  std::vector<v1::Event> events = {event};
  while (slow->Read(&event)) events.push_back(event);
  EXPECT_TRUE(slow->Finish().ok());
  EXPECT_THAT(CursorsOf(events), ElementsAreArray(CursorsOf(whole)));
}

TEST_F(WatchTest, AStoppingServerTellsItsWatchersToComeBack) {
  const v1::Experiment experiment = server_.Submit();
  grpc::ClientContext context;
  auto reader = server_.experiments().Watch(&context, ExperimentFrom(experiment.id()));
  v1::Event event;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(reader->Read(&event));
  auto stopped = std::async(std::launch::async, [&] { server_.StopServer(); });
  EXPECT_FALSE(reader->Read(&event));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOfCall(status), "SHUTTING_DOWN");
}

TEST_F(WatchTest, ManyWatchersMayLeaveAtAnyTime) {
  const v1::Experiment experiment = server_.Submit();
  std::vector<std::thread> watchers;
  for (int i = 0; i < 8; ++i) {
    watchers.emplace_back([&, i] {
      for (int round = 0; round < 10; ++round) {
        ReadSome(ExperimentFrom(experiment.id()), (i + round) % 5);
      }
    });
  }
  TestWorker worker(server_.workers(), "w", 4);
  for (int i = 0; i < 4; ++i) worker.RunToCompletion(worker.Take(), 5);
  for (std::thread& watcher : watchers) watcher.join();
  grpc::Status status;
  server_.WatchAll(ExperimentFrom(experiment.id()), &status);
  EXPECT_TRUE(status.ok());
}

TEST_F(WatchTest, SaysWhatIsWrongWithARequest) {
  const v1::Experiment experiment = server_.Submit();
  v1::WatchRequest both = ExperimentFrom(experiment.id());
  both.add_run_ids(experiment.runs(0).id());
  const std::tuple<v1::WatchRequest, grpc::StatusCode, std::string> cases[] = {
      {v1::WatchRequest(), grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT"},
      {both, grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT"},
      {ExperimentFrom("zzzzzzzz"), grpc::StatusCode::NOT_FOUND, "NOT_FOUND"},
      {ExperimentFrom(experiment.id(), -1), grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT"},
      {ExperimentFrom(experiment.id(), 1'000'000), grpc::StatusCode::INVALID_ARGUMENT,
       "INVALID_ARGUMENT"}};
  for (const auto& [request, code, reason] : cases) {
    grpc::Status status;
    EXPECT_THAT(server_.WatchAll(request, &status), SizeIs(0));
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_EQ(ReasonOfCall(status), reason);
  }
}

TEST_F(WatchTest, ARunThatIsNamedTwiceIsWatchedOnce) {
  const v1::Experiment experiment = Finished(3);
  const std::string id = experiment.runs(0).id();
  v1::WatchRequest once, twice;
  once.add_run_ids(id);
  for (const std::string& name : {id, id.substr(0, 7), id}) twice.add_run_ids(name);
  EXPECT_EQ(CursorsOf(server_.WatchAll(twice)), CursorsOf(server_.WatchAll(once)));
}

}  // namespace
}  // namespace fp4::rpc
