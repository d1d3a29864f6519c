#include "server/rpc/access_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/ids.h"
#include "server/access/token.h"
#include "server/rpc/call_context.h"
#include "server/rpc/convert_access.h"
#include "server/rpc/invalid_field.h"
#include "wire/status.h"

namespace fp4::rpc {
namespace {

constexpr int kDefaultEntries = 100, kMaxEntries = 1000;

absl::Status CheckPage(const v1::ListAuditRequest& request) {
  if (request.before() < 0) {
    return InvalidField("before", absl::StrCat("is ", request.before(), ", below 0"));
  }
  if (request.page_size() < 0) {
    return InvalidField("page_size", absl::StrCat("is ", request.page_size(), ", below 0"));
  }
  return absl::OkStatus();
}

}  // namespace

grpc::ServerUnaryReactor* AccessService::WhoAmI(Context* context, const v1::WhoAmIRequest*,
                                                v1::WhoAmIResponse* response) {
  *response = ToProto(CallerOf(*context));
  Reactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerUnaryReactor* AccessService::CreateToken(Context* context,
                                                     const v1::CreateTokenRequest* request,
                                                     v1::CreateTokenResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  absl::StatusOr<access::TokenRecord> token = FromProto(*request, SystemClock().Now());
  if (!token.ok()) {
    reactor->Finish(wire::ToGrpcStatus(token.status()));
    return reactor;
  }
  const access::TokenText text = access::NewToken(RandomIds().NewId());
  token->id = text.id;
  token->sha256 = access::HashSecret(text.secret);
  token->created_by = CallerOf(*context).name;
  store_.CreateToken(*std::move(token),
                     [=, this](const absl::StatusOr<access::TokenRecord>& stored) {
                       if (stored.ok()) {
                         gatekeeper_.Put(*stored);
                         *response->mutable_token() = ToProto(*stored);
                         response->set_text(text.ToString());
                       }
                       reactor->Finish(wire::ToGrpcStatus(stored.status()));
                     });
  return reactor;
}

grpc::ServerUnaryReactor* AccessService::ListTokens(Context* context, const v1::ListTokensRequest*,
                                                    v1::ListTokensResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  audit_.FlushUses();
  store_.Read([=](store::Reader& reader) {
    const absl::StatusOr<std::vector<access::TokenRecord>> tokens = reader.ListTokens();
    if (tokens.ok()) {
      for (const access::TokenRecord& token : *tokens) *response->add_tokens() = ToProto(token);
    }
    reactor->Finish(wire::ToGrpcStatus(tokens.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* AccessService::RevokeToken(Context* context,
                                                     const v1::RevokeTokenRequest* request,
                                                     v1::RevokeTokenResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  store_.RevokeToken(request->id(), [=, this](const absl::StatusOr<access::TokenRecord>& stored) {
    if (stored.ok()) {
      gatekeeper_.Put(*stored);
      *response->mutable_token() = ToProto(*stored);
    }
    reactor->Finish(wire::ToGrpcStatus(stored.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* AccessService::ListAudit(Context* context,
                                                   const v1::ListAuditRequest* request,
                                                   v1::ListAuditResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  if (absl::Status page = CheckPage(*request); !page.ok()) {
    reactor->Finish(wire::ToGrpcStatus(page));
    return reactor;
  }
  const int limit =
      request->page_size() == 0 ? kDefaultEntries : std::min(request->page_size(), kMaxEntries);
  store_.Read([=](store::Reader& reader) {
    const absl::StatusOr<std::vector<access::AuditEntry>> entries =
        reader.ListAudit(request->before(), limit);
    if (entries.ok()) {
      for (const access::AuditEntry& entry : *entries) *response->add_entries() = ToProto(entry);
    }
    reactor->Finish(wire::ToGrpcStatus(entries.status()));
  });
  return reactor;
}

}  // namespace fp4::rpc
