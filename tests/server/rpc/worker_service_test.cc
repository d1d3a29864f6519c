#include "server/rpc/worker_service.h"

#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/server/rpc/test_server.h"

namespace fp4::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class WorkerServiceTest : public ::testing::Test {
 protected:
  v1::Run CancelRun(const std::string& id) {
    grpc::ClientContext context;
    v1::CancelRunRequest request;
    request.set_id(id);
    v1::Run run;
    EXPECT_TRUE(server_.experiments().CancelRun(&context, request, &run).ok());
    return run;
  }

  TestServer server_;
};

TEST_F(WorkerServiceTest, RegisterChecksTheProtocolVersion) {
  v1::RegisterRequest request;
  request.set_protocol_version(2);
  request.set_name("w");
  request.set_incarnation("i");
  grpc::ClientContext context;
  v1::RegisterResponse response;
  const grpc::Status status = server_.workers().Register(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOfCall(status), "PROTOCOL_VERSION");
}

TEST_F(WorkerServiceTest, RegisterNamesABadSlot) {
  v1::RegisterRequest request;
  request.set_protocol_version(1);
  request.set_name("w");
  request.set_incarnation("i");
  request.add_slots()->set_kind(v1::Slot::CPU);
  request.mutable_slots(0)->set_cpu_compute_dtype("fp64");
  grpc::ClientContext context;
  v1::RegisterResponse response;
  const grpc::Status status = server_.workers().Register(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("slots[0].cpu_compute_dtype is 'fp64'"));
}

TEST_F(WorkerServiceTest, AnUnknownWorkerIsToldToRegister) {
  v1::AcquireRequest request;
  request.set_worker_id("nobody");
  grpc::ClientContext context;
  v1::AcquireResponse response;
  const grpc::Status status = server_.workers().Acquire(&context, request, &response);
  EXPECT_EQ(ReasonOfCall(status), "UNKNOWN_WORKER") << status.error_message();
}

TEST_F(WorkerServiceTest, AnAssignmentSaysAllThatATrainerNeeds) {
  const v1::Experiment experiment = server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment run = worker.Take();
  EXPECT_EQ(run.run_id(), experiment.runs(0).id());
  EXPECT_EQ(run.attempt(), 1);
  EXPECT_EQ(run.next_seq(), 1);
  EXPECT_EQ(run.seed(), 1);
  EXPECT_FALSE(run.has_resume_from());
  EXPECT_THAT(run.document(), HasSubstr("\"compute_dtype\": \"fp32\""));
}

TEST_F(WorkerServiceTest, AcquireWakesWhenWorkArrives) {
  TestWorker worker(server_.workers(), "w", 1);
  auto polled = std::async(std::launch::async, [&] { return worker.Acquire(absl::Seconds(30)); });
  server_.Submit();
  EXPECT_THAT(polled.get().assignments(), SizeIs(1));
}

TEST_F(WorkerServiceTest, AcquireWithoutWaitAnswersAtOnce) {
  TestWorker worker(server_.workers(), "w", 1);
  EXPECT_THAT(worker.Acquire(absl::ZeroDuration()).assignments(), IsEmpty());
}

TEST_F(WorkerServiceTest, AcquireWakesForACancel) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment run = worker.Take();
  auto polled = std::async(std::launch::async, [&] { return worker.Acquire(absl::Seconds(30)); });
  EXPECT_EQ(CancelRun(run.run_id()).state(), v1::RUN_STATE_CANCELLING);
  const v1::AcquireResponse response = polled.get();
  ASSERT_THAT(response.stop(), SizeIs(1));
  EXPECT_EQ(response.stop(0).run_id(), run.run_id());
}

TEST_F(WorkerServiceTest, ALostAnswerIsDeliveredAgain) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment first = worker.Take();
  worker.Forget();
  const v1::Assignment again = worker.Take();
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
}

TEST_F(WorkerServiceTest, AWaitOutOfRangeIsRefused) {
  TestWorker worker(server_.workers(), "w", 1);
  for (absl::Duration wait : {absl::Seconds(-1), absl::Seconds(31)}) {
    grpc::ClientContext context;
    v1::AcquireResponse response;
    const grpc::Status status =
        server_.workers().Acquire(&context, worker.AcquireRequest(wait), &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(WorkerServiceTest, AStoppingServerEndsTheLongPoll) {
  TestWorker worker(server_.workers(), "w", 1);
  grpc::ClientContext context;
  v1::AcquireResponse response;
  const v1::AcquireRequest request = worker.AcquireRequest(absl::Seconds(30));
  auto call = std::async(std::launch::async,
                         [&] { return server_.workers().Acquire(&context, request, &response); });
  prometheus::Gauge& in_flight =
      server_.registry().Gauge("fp4_controller_rpc_in_flight", "Calls that have not ended.",
                               {{"method", "WorkerService/Acquire"}});
  while (in_flight.Value() == 0) std::this_thread::yield();
  server_.StopServer();
  const grpc::Status status = call.get();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  EXPECT_EQ(ReasonOfCall(status), "SHUTTING_DOWN");
}

TEST_F(WorkerServiceTest, EventsAreStoredOnceAndGapsNamed) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment run = worker.Take();
  v1::ReportEventsResponse response;
  ASSERT_TRUE(
      worker.Report(run, {StartedAt(1, 1), MetricsAt(2, 1, 1, "train/loss", 3)}, &response).ok());
  EXPECT_EQ(response.next_seq(), 3);
  ASSERT_TRUE(worker.Report(run, {MetricsAt(2, 1, 1, "train/loss", 3)}, &response).ok());
  EXPECT_EQ(response.next_seq(), 3);

  const grpc::Status gap = worker.Report(run, {MetricsAt(5, 1, 2, "train/loss", 3)});
  EXPECT_EQ(gap.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  details.ParseFromString(gap.error_details());
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "SEQ_GAP");
  EXPECT_EQ(info.metadata().at("expected_seq"), "3");
}

TEST_F(WorkerServiceTest, EventsThatCannotBeAreRefusedByName) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment run = worker.Take();
  v1::Event state = StartedAt(8, 1), no_object = StartedAt(1, 1);
  state.mutable_state();
  no_object.mutable_unknown()->set_type("picture");
  no_object.mutable_unknown()->set_json("[1");
  const std::pair<v1::Event, std::string> cases[] = {{StartedAt(0, 1), "seq counts from 1"},
                                                     {StartedAt(1, 0), "attempt counts from 1"},
                                                     {no_object, "not carry a JSON object"},
                                                     {state, "seq 8: a state change"}};
  for (const auto& [event, problem] : cases) {
    const grpc::Status status = worker.Report(run, {event});
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr(problem));
  }
}

// A field of a newer worker, and a kind of a newer trainer, which has a name at least.
TEST_F(WorkerServiceTest, EventsOfKindsNotKnownHereHoldUpNothing) {
  const v1::Experiment experiment = server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment run = worker.Take();
  v1::Event unheard_of = StartedAt(2, 1), named = StartedAt(3, 1);
  unheard_of.clear_kind();
  ASSERT_TRUE(unheard_of.MergeFromString(std::string("\xfa\x7f\x03\x0a\x01\x61", 6)));
  named.mutable_unknown()->set_type("picture");
  named.mutable_unknown()->set_json(R"({"file":"/a.png"})");
  v1::ReportEventsResponse response;
  ASSERT_TRUE(worker.Report(run, {StartedAt(1, 1), unheard_of}, &response).ok());
  EXPECT_EQ(response.next_seq(), 3);
  ASSERT_TRUE(
      worker.Report(run, {unheard_of, named, MetricsAt(4, 1, 1, "train/loss", 3)}, &response).ok());
  EXPECT_EQ(response.next_seq(), 5);

  v1::WatchRequest request;
  request.add_run_ids(run.run_id());
  request.set_no_follow(true);
  std::vector<int64_t> seqs;
  for (const v1::Event& event : server_.WatchAll(request)) {
    if (event.seq() > 0) seqs.push_back(event.seq());
    if (event.seq() != 3) continue;
    EXPECT_EQ(event.unknown().type(), "picture");
    EXPECT_EQ(event.unknown().json(), R"({"file":"/a.png"})");
  }
  EXPECT_THAT(seqs, testing::ElementsAre(1, 3, 4));
}

TEST_F(WorkerServiceTest, AStaleAttemptIsFenced) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  v1::Assignment run = worker.Take();
  run.set_attempt(2);
  const grpc::Status status = worker.Report(run, {StartedAt(1, 2)});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOfCall(status), "STALE_ATTEMPT");
}

TEST_F(WorkerServiceTest, RenewSeparatesWhatIsHeldFromWhatIsLost) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment run = worker.Take();
  v1::RenewLeasesRequest request;
  request.set_worker_id(worker.id());
  request.set_incarnation(worker.AcquireRequest(absl::ZeroDuration()).incarnation());
  for (int attempt : {1, 2}) {
    v1::Held* held = request.add_held();
    held->set_run_id(run.run_id());
    held->set_attempt(attempt);
  }
  grpc::ClientContext context;
  v1::RenewLeasesResponse response;
  ASSERT_TRUE(server_.workers().RenewLeases(&context, request, &response).ok());
  ASSERT_THAT(response.renewed(), SizeIs(1));
  EXPECT_EQ(response.renewed(0).attempt(), 1);
  ASSERT_THAT(response.lost(), SizeIs(1));
  EXPECT_EQ(response.lost(0).attempt(), 2);
}

TEST_F(WorkerServiceTest, AnExitWithoutACauseIsRefused) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  v1::ReportExitRequest request;
  request.set_worker_id(worker.id());
  request.set_run_id(worker.Take().run_id());
  request.set_attempt(1);
  grpc::ClientContext context;
  v1::ReportExitResponse response;
  EXPECT_EQ(server_.workers().ReportExit(&context, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(WorkerServiceTest, WorkersAreListedWithWhatHoldsTheirSlots) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 2);
  const v1::Assignment run = worker.Take();
  grpc::ClientContext context;
  v1::ListWorkersResponse response;
  ASSERT_TRUE(
      server_.experiments().ListWorkers(&context, v1::ListWorkersRequest(), &response).ok());
  ASSERT_THAT(response.workers(), SizeIs(1));
  EXPECT_EQ(response.workers(0).name(), "w");
  EXPECT_TRUE(response.workers(0).connected());
  EXPECT_EQ(response.workers(0).slots(run.slots(0)).run_id(), run.run_id());
}

TEST_F(WorkerServiceTest, ASecondLiveWorkerOfOneDirectoryIdIsRefused) {
  v1::RegisterRequest request;
  request.set_protocol_version(1);
  request.set_name("host:1");
  request.set_host("one");
  request.set_incarnation("a");
  request.set_directory_id("0123456789abcdef0123456789abcdef");
  request.set_place("boot:1:2");
  const auto enter = [&] {
    grpc::ClientContext context;
    v1::RegisterResponse response;
    return server_.workers().Register(&context, request, &response);
  };
  ASSERT_TRUE(enter().ok());
  request.set_incarnation("b");
  request.set_place("other-boot:1:2");
  const grpc::Status refused = enter();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOfCall(refused), "DUPLICATE_WORKER");
  EXPECT_THAT(refused.error_message(), HasSubstr("host one"));
  request.set_place("boot:1:2");
  EXPECT_TRUE(enter().ok());
  for (const char* bad : {"0123", "0123456789ABCDEF0123456789abcdef"}) {
    request.set_directory_id(bad);
    EXPECT_THAT(enter().error_message(), HasSubstr("directory_id is '" + std::string(bad) + "'"));
  }
}

TEST_F(WorkerServiceTest, AConnectedWorkerIsNotForgotten) {
  TestWorker worker(server_.workers(), "w", 1);
  v1::ForgetWorkerRequest request;
  v1::ForgetWorkerResponse response;
  const auto forget = [&](const std::string& id) {
    grpc::ClientContext context;
    request.set_id(id);
    return server_.experiments().ForgetWorker(&context, request, &response);
  };
  EXPECT_EQ(ReasonOfCall(forget(worker.id())), "WORKER_IN_USE");
  EXPECT_EQ(ReasonOfCall(forget("zzz")), "NOT_FOUND");
}

}  // namespace
}  // namespace fp4::rpc
