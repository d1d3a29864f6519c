#include "server/rpc/errors.h"

#include <algorithm>
#include <bit>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace fp4::rpc {
namespace {

constexpr std::string_view kTypeUrlPrefix = "type.googleapis.com/";

// Of the violations together. With base64 and the message the trailers stay below 8 KiB.
constexpr size_t kMaxViolationBytes = 3800;
constexpr size_t kMaxMessageBytes = 600;

// The length of the UTF-8 character at the start of `text`, 0 when there is none. What comes here
// is text that was cut somewhere, so overlong forms and surrogates are not looked for.
size_t CharacterLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const int leading_ones = std::countl_one(byte(0));
  if (leading_ones == 1 || leading_ones > 4) return 0;
  const size_t length = std::max(leading_ones, 1);
  if (length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

// Fit for a protobuf string in a header: UTF-8, what is not replaced by U+FFFD, and cut to about
// `limit` bytes.
std::string Presentable(std::string_view text, size_t limit) {
  std::string result;
  while (!text.empty()) {
    if (result.size() > limit) return result + "…";
    const size_t length = CharacterLength(text);
    result += length == 0 ? "\uFFFD" : text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return result;
}

google::rpc::BadRequest ToBadRequest(std::span<const FieldViolation> violations) {
  google::rpc::BadRequest request;
  size_t bytes = 0;
  for (size_t i = 0; i < violations.size(); ++i) {
    google::rpc::BadRequest::FieldViolation added;
    added.set_field(Presentable(violations[i].field, kMaxMessageBytes));
    added.set_description(Presentable(violations[i].description, kMaxMessageBytes));
    bytes += added.ByteSizeLong() + 3;
    if (bytes > kMaxViolationBytes) {
      request.add_field_violations()->set_description(
          absl::StrCat("… and ", violations.size() - i, " more"));
      break;
    }
    *request.add_field_violations() = std::move(added);
  }
  return request;
}

void AddErrorInfo(const absl::Status& status, google::rpc::Status& details) {
  google::rpc::ErrorInfo info;
  info.set_reason(ReasonOf(status).value_or(absl::StatusCodeToString(status.code())));
  info.set_domain(kErrorDomain);
  for (const auto& [key, value] : ReasonMetadataOf(status)) (*info.mutable_metadata())[key] = value;
  details.add_details()->PackFrom(info);
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message =
      Presentable({status.message().data(), status.message().size()}, kMaxMessageBytes);
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  AddErrorInfo(status, details);
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    if (!std::string_view(url.data(), url.size()).starts_with(kTypeUrlPrefix)) return;
    google::protobuf::Any* any = details.add_details();
    any->set_type_url(std::string(url));
    any->set_value(std::string(payload));
  });
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message,
                      details.SerializeAsString());
}

absl::Status InvalidFields(std::string_view reason, std::string_view message,
                           std::span<const FieldViolation> violations) {
  absl::Status status = ErrorWithReason(absl::StatusCode::kInvalidArgument, reason, message);
  const std::string url =
      absl::StrCat(std::string(kTypeUrlPrefix), google::rpc::BadRequest::descriptor()->full_name());
  status.SetPayload(url, absl::Cord(ToBadRequest(violations).SerializeAsString()));
  return status;
}

}  // namespace fp4::rpc
