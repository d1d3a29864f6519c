#include "client/operations.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/crc32c.h"
#include "base/status_macros.h"
#include "client/rpc_status.h"
#include "fp4/v1/access.grpc.pb.h"
#include "fp4/v1/admin.grpc.pb.h"
#include "fp4/v1/checkpoints.grpc.pb.h"
#include "wire/channel.h"

namespace fp4::client {
namespace {

constexpr auto kTimeout = std::chrono::seconds(60);
constexpr auto kLongTimeout = std::chrono::hours(24);

}  // namespace

struct Operations::Channel {
  Channel(const std::string& address, const wire::ChannelSecurity& security)
      : address(address),
        channel(wire::OpenChannel(address, security)),
        checkpoints(channel),
        admin(channel),
        access(channel) {}

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, std::chrono::seconds timeout = kTimeout) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    Response response;
    FP4_RETURN_IF_ERROR(FromRpc((stub.*method)(&context, request, &response), address));
    return response;
  }

  const std::string address;
  std::shared_ptr<grpc::Channel> channel;
  v1::CheckpointService::Stub checkpoints;
  v1::AdminService::Stub admin;
  v1::AccessService::Stub access;
};

Operations::Operations(const std::string& address, const wire::ChannelSecurity& security)
    : channel_(std::make_unique<Channel>(address, security)) {}
Operations::~Operations() = default;

absl::StatusOr<v1::ListCheckpointsResponse> Operations::ListCheckpoints(const std::string& run_id) {
  v1::ListCheckpointsRequest request;
  request.set_run_id(run_id);
  return channel_->Call(channel_->checkpoints, &v1::CheckpointService::Stub::ListCheckpoints,
                        request);
}

absl::Status Operations::Download(
    const v1::DownloadCheckpointRequest& request,
    const std::function<absl::Status(const v1::DownloadCheckpointResponse&)>& head,
    const std::function<absl::Status(std::string_view)>& piece) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kLongTimeout);
  auto stream = channel_->checkpoints.DownloadCheckpoint(&context, request);
  absl::Status taken;
  bool first = true;
  for (v1::DownloadCheckpointResponse message; taken.ok() && stream->Read(&message);) {
    if (std::exchange(first, false)) {
      taken = head(message);
    } else if (Crc32c(message.data()) == message.crc32c()) {
      taken = piece(message.data());
    } else {
      taken = absl::DataLossError("a piece has arrived damaged; try again, it goes on from there");
    }
  }
  if (!taken.ok()) context.TryCancel();
  const grpc::Status status = stream->Finish();
  return taken.ok() ? FromRpc(status, channel_->address) : taken;
}

absl::StatusOr<v1::Worker> Operations::DrainWorker(const std::string& name_or_id, bool now) {
  v1::DrainWorkerRequest request;
  request.set_id(name_or_id);
  request.set_now(now);
  FP4_ASSIGN_OR_RETURN(
      auto response,
      channel_->Call(channel_->admin, &v1::AdminService::Stub::DrainWorker, request));
  return std::move(*response.mutable_worker());
}

absl::StatusOr<v1::Worker> Operations::EnableWorker(const std::string& name_or_id) {
  v1::EnableWorkerRequest request;
  request.set_id(name_or_id);
  FP4_ASSIGN_OR_RETURN(
      auto response,
      channel_->Call(channel_->admin, &v1::AdminService::Stub::EnableWorker, request));
  return std::move(*response.mutable_worker());
}

absl::StatusOr<v1::BackupResponse> Operations::Backup(const std::string& folder) {
  v1::BackupRequest request;
  request.set_folder(folder);
  return channel_->Call(channel_->admin, &v1::AdminService::Stub::Backup, request, kLongTimeout);
}

absl::StatusOr<v1::DiagnoseResponse> Operations::Diagnose() {
  return channel_->Call(channel_->admin, &v1::AdminService::Stub::Diagnose, v1::DiagnoseRequest());
}

absl::StatusOr<v1::WhoAmIResponse> Operations::WhoAmI() {
  return channel_->Call(channel_->access, &v1::AccessService::Stub::WhoAmI, v1::WhoAmIRequest());
}

absl::StatusOr<v1::CreateTokenResponse> Operations::CreateToken(
    const v1::CreateTokenRequest& request) {
  return channel_->Call(channel_->access, &v1::AccessService::Stub::CreateToken, request);
}

absl::StatusOr<v1::ListTokensResponse> Operations::ListTokens() {
  return channel_->Call(channel_->access, &v1::AccessService::Stub::ListTokens,
                        v1::ListTokensRequest());
}

absl::StatusOr<v1::Token> Operations::RevokeToken(const std::string& id) {
  v1::RevokeTokenRequest request;
  request.set_id(id);
  FP4_ASSIGN_OR_RETURN(
      auto response,
      channel_->Call(channel_->access, &v1::AccessService::Stub::RevokeToken, request));
  return std::move(*response.mutable_token());
}

absl::StatusOr<v1::ListAuditResponse> Operations::ListAudit(int limit) {
  constexpr int kPage = 1000;
  v1::ListAuditResponse all;
  while (all.entries_size() < limit) {
    v1::ListAuditRequest request;
    request.set_page_size(std::min(kPage, limit - all.entries_size()));
    if (all.entries_size() > 0) request.set_before(all.entries(all.entries_size() - 1).number());
    FP4_ASSIGN_OR_RETURN(
        auto page, channel_->Call(channel_->access, &v1::AccessService::Stub::ListAudit, request));
    all.mutable_entries()->MergeFrom(page.entries());
    if (page.entries_size() < request.page_size()) break;
  }
  return all;
}

}  // namespace fp4::client
