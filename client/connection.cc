#include "client/connection.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>

#include "base/status_macros.h"
#include "client/errors.h"
#include "client/rpc_status.h"
#include "fp4/v1/experiments.grpc.pb.h"
#include "wire/channel.h"

namespace fp4::client {
namespace {

using Stub = v1::ExperimentService::Stub;

std::chrono::system_clock::time_point DeadlineIn(absl::Duration timeout) {
  return std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout);
}

class RpcWatchStream final : public WatchStream {
 public:
  RpcWatchStream(Stub& stub, const v1::WatchRequest& request, std::string address)
      : address_(std::move(address)), reader_(stub.Watch(&context_, request)) {}
  ~RpcWatchStream() override { context_.TryCancel(); }

  bool Next(v1::Event& event) override { return reader_->Read(&event); }
  absl::Status Finish() override { return FromRpc(reader_->Finish(), address_); }
  void Cancel() override { context_.TryCancel(); }

 private:
  const std::string address_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::Event>> reader_;
};

}  // namespace

struct Connection::Channel {
  Channel(const std::string& address, const wire::ChannelSecurity& security,
          absl::Duration call_timeout)
      : address(address),
        call_timeout(call_timeout),
        channel(wire::OpenChannel(address, security)),
        stub(channel) {}

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(DeadlineIn(call_timeout));
    Response response;
    FP4_RETURN_IF_ERROR(FromRpc((stub.*method)(&context, request, &response), address));
    return response;
  }

  template <typename Request, typename Response>
  absl::StatusOr<Response> CallWithId(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*),
                                      const std::string& id) {
    Request request;
    request.set_id(id);
    return Call(method, request);
  }

  const std::string address;
  const absl::Duration call_timeout;
  std::shared_ptr<grpc::Channel> channel;
  Stub stub;
};

Connection::Connection(const std::string& address, const wire::ChannelSecurity& security,
                       absl::Duration call_timeout)
    : address_(address), channel_(std::make_unique<Channel>(address, security, call_timeout)) {}
Connection::~Connection() = default;

absl::StatusOr<v1::Experiment> Connection::WithAllRuns(absl::StatusOr<v1::Experiment> experiment) {
  while (experiment.ok() && !experiment->next_page_token().empty()) {
    v1::GetExperimentRequest request;
    request.set_id(experiment->id());
    request.set_page_token(experiment->next_page_token());
    FP4_ASSIGN_OR_RETURN(const v1::Experiment more, channel_->Call(&Stub::GetExperiment, request));
    experiment->mutable_runs()->MergeFrom(more.runs());
    experiment->set_next_page_token(more.next_page_token());
  }
  return experiment;
}

absl::StatusOr<v1::Experiment> Connection::CreateExperiment(
    const v1::CreateExperimentRequest& request) {
  FP4_ASSIGN_OR_RETURN(auto response, channel_->Call(&Stub::CreateExperiment, request));
  return WithAllRuns(std::move(*response.mutable_experiment()));
}
absl::StatusOr<v1::Experiment> Connection::GetExperiment(const std::string& id) {
  return WithAllRuns(channel_->CallWithId(&Stub::GetExperiment, id));
}
absl::StatusOr<v1::ListExperimentsResponse> Connection::ListExperiments(
    const v1::ListExperimentsRequest& request) {
  return channel_->Call(&Stub::ListExperiments, request);
}
absl::StatusOr<v1::Experiment> Connection::CancelExperiment(const std::string& id) {
  return WithAllRuns(channel_->CallWithId(&Stub::CancelExperiment, id));
}
absl::Status Connection::DeleteExperiment(const std::string& id) {
  return channel_->CallWithId(&Stub::DeleteExperiment, id).status();
}
absl::StatusOr<v1::Run> Connection::GetRun(const std::string& id) {
  return channel_->CallWithId(&Stub::GetRun, id);
}
absl::StatusOr<v1::ListRunsResponse> Connection::ListRuns(const v1::ListRunsRequest& request) {
  return channel_->Call(&Stub::ListRuns, request);
}
absl::StatusOr<v1::Run> Connection::CancelRun(const std::string& id) {
  return channel_->CallWithId(&Stub::CancelRun, id);
}
absl::StatusOr<v1::Run> Connection::RetryRun(const std::string& id) {
  return channel_->CallWithId(&Stub::RetryRun, id);
}
absl::StatusOr<v1::QueryMetricsResponse> Connection::QueryMetrics(v1::QueryMetricsRequest request) {
  FP4_ASSIGN_OR_RETURN(auto all, channel_->Call(&Stub::QueryMetrics, request));
  while (!all.next_page_token().empty()) {
    request.set_page_token(all.next_page_token());
    FP4_ASSIGN_OR_RETURN(auto page, channel_->Call(&Stub::QueryMetrics, request));
    for (v1::Series& series : *page.mutable_series()) {
      const int last = all.series_size() - 1;
      if (last >= 0 && all.series(last).name() == series.name()) {
        all.mutable_series(last)->mutable_points()->MergeFrom(series.points());
      } else {
        *all.add_series() = std::move(series);
      }
    }
    all.set_next_page_token(page.next_page_token());
  }
  return all;
}
absl::StatusOr<v1::CompareResponse> Connection::Compare(const v1::CompareRequest& request) {
  return channel_->Call(&Stub::Compare, request);
}
absl::StatusOr<v1::ListQueueResponse> Connection::ListQueue(const v1::ListQueueRequest& request) {
  return channel_->Call(&Stub::ListQueue, request);
}
absl::StatusOr<v1::ListWorkersResponse> Connection::ListWorkers() {
  return channel_->Call(&Stub::ListWorkers, v1::ListWorkersRequest());
}

absl::StatusOr<v1::Worker> Connection::ForgetWorker(const std::string& name_or_id) {
  FP4_ASSIGN_OR_RETURN(auto response, channel_->CallWithId(&Stub::ForgetWorker, name_or_id));
  return std::move(*response.mutable_worker());
}

std::unique_ptr<WatchStream> Connection::Watch(const v1::WatchRequest& request) {
  return std::make_unique<RpcWatchStream>(channel_->stub, request, address_);
}

absl::Status Connection::CheckServing(absl::Duration timeout, bool wait) {
  // Debian ships no generated code of grpc.health.v1; the request for the server as a whole is
  // empty, the answer is one enumerator, field 1, where 1 means SERVING.
  grpc::ClientContext context;
  context.set_deadline(DeadlineIn(timeout));
  context.set_wait_for_ready(wait);
  grpc::GenericStub stub(channel_->channel);
  grpc::CompletionQueue queue;
  const grpc::Slice empty;
  auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                    grpc::ByteBuffer(&empty, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, &queue);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  FP4_RETURN_IF_ERROR(FromRpc(status, address_));
  grpc::Slice slice;
  answer.DumpToSingleSlice(&slice);
  const std::string bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
  if (bytes == std::string("\x08\x01")) return absl::OkStatus();
  return Unreachable(absl::StrCat("the controller at ", address_, " is not serving yet"));
}

}  // namespace fp4::client
