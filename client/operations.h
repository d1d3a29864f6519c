// The calls of operators, and those about checkpoints.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "fp4/v1/access.pb.h"
#include "fp4/v1/admin.pb.h"
#include "fp4/v1/checkpoints.pb.h"
#include "wire/channel_security.h"

namespace fp4::client {

// A channel to one controller. Errors carry what FromRpc makes of them. Thread-safe.
class Operations {
 public:
  Operations(const std::string& address, const wire::ChannelSecurity& security);
  ~Operations();

  absl::StatusOr<v1::ListCheckpointsResponse> ListCheckpoints(const std::string& run_id);
  // Calls `head` with the first message, then `piece` with each piece of the state, which has its
  // checksum, in order. Their errors end it.
  absl::Status Download(
      const v1::DownloadCheckpointRequest& request,
      const std::function<absl::Status(const v1::DownloadCheckpointResponse&)>& head,
      const std::function<absl::Status(std::string_view)>& piece);

  // `name_or_id`: a prefix of the id will do. Answers with the worker as it is then.
  absl::StatusOr<v1::Worker> DrainWorker(const std::string& name_or_id, bool now);
  absl::StatusOr<v1::Worker> EnableWorker(const std::string& name_or_id);
  // Waits for as long as it takes.
  absl::StatusOr<v1::BackupResponse> Backup(const std::string& folder);
  absl::StatusOr<v1::DiagnoseResponse> Diagnose();

  absl::StatusOr<v1::WhoAmIResponse> WhoAmI();
  absl::StatusOr<v1::CreateTokenResponse> CreateToken(const v1::CreateTokenRequest& request);
  absl::StatusOr<v1::ListTokensResponse> ListTokens();
  // `id`, or the name.
  absl::StatusOr<v1::Token> RevokeToken(const std::string& id);
  // The newest `limit` entries.
  absl::StatusOr<v1::ListAuditResponse> ListAudit(int limit);

 private:
  struct Channel;
  std::unique_ptr<Channel> channel_;
};

}  // namespace fp4::client
