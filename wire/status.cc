#include "wire/status.h"

#include <grpcpp/support/status.h>

#include <algorithm>
#include <bit>
#include <map>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "fp4/v1/errors.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace fp4::wire {
namespace {

constexpr std::string_view kTypeUrlPrefix = "type.googleapis.com/";

// Of the violations together. With base64 and the message the trailers stay below 8 KiB.
constexpr size_t kMaxViolationBytes = 3800;
constexpr size_t kMaxPlaceBytes = 900;
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

// A BadRequest with as many of the violations as fit; `num_named`: how many these are.
google::rpc::BadRequest ToBadRequest(std::span<const FieldViolation> violations,
                                     size_t& num_named) {
  google::rpc::BadRequest request;
  size_t bytes = 0;
  for (num_named = 0; num_named < violations.size(); ++num_named) {
    const FieldViolation& violation = violations[num_named];
    google::rpc::BadRequest::FieldViolation added;
    added.set_field(Presentable(violation.field, kMaxMessageBytes));
    added.set_description(Presentable(violation.description, kMaxMessageBytes));
    bytes += added.ByteSizeLong() + 3;
    if (bytes > kMaxViolationBytes) {
      request.add_field_violations()->set_description(
          absl::StrCat("… and ", violations.size() - num_named, " more"));
      break;
    }
    *request.add_field_violations() = std::move(added);
  }
  return request;
}

// "12:16: " or "--set optimizer.learning_rate=fast: "; empty for the document as a whole.
std::string PlaceText(const spec::Problem& problem) {
  if (!problem.override_text.empty()) return absl::StrCat("--set ", problem.override_text, ": ");
  if (problem.line == 0) return "";
  return absl::StrCat(problem.line, ":", problem.column, ": ");
}

v1::DocumentPlaces ToPlaces(std::span<const spec::Problem> problems) {
  v1::DocumentPlaces message;
  size_t bytes = 0;
  for (const spec::Problem& problem : problems) {
    v1::DocumentPlaces::Place place;
    place.set_line(problem.line);
    place.set_column(problem.column);
    place.set_override_text(Presentable(problem.override_text, kMaxMessageBytes));
    place.set_text_at(
        static_cast<int32_t>(Presentable(PlaceText(problem), kMaxMessageBytes).size()));
    bytes += place.ByteSizeLong() + 2;
    if (bytes > kMaxPlaceBytes) break;  // the rest keeps its place in the description
    *message.add_places() = std::move(place);
  }
  return message;
}

template <typename Message>
void Attach(const Message& detail, absl::Status& status) {
  const std::string url =
      absl::StrCat(std::string(kTypeUrlPrefix), Message::descriptor()->full_name());
  status.SetPayload(url, absl::Cord(detail.SerializeAsString()));
}

template <typename Message>
Message Attached(const absl::Status& status) {
  const std::string url =
      absl::StrCat(std::string(kTypeUrlPrefix), Message::descriptor()->full_name());
  Message message;
  if (const auto payload = status.GetPayload(url)) message.ParseFromString(std::string(*payload));
  return message;
}

spec::Problem ToProblem(const google::rpc::BadRequest::FieldViolation& violation,
                        const v1::DocumentPlaces::Place& place) {
  spec::Problem problem{.path = violation.field(),
                        .line = place.line(),
                        .column = place.column(),
                        .message = violation.description(),
                        .override_text = place.override_text()};
  if (place.text_at() > 0 && static_cast<size_t>(place.text_at()) <= problem.message.size()) {
    problem.message.erase(0, place.text_at());
  }
  return problem;
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

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  // The two enumerations have equal numbers by definition.
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  google::rpc::ErrorInfo info;
  for (const auto& detail : details.details()) detail.UnpackTo(&info);
  if (info.reason().empty()) return absl::Status(code, status.error_message());
  const std::map<std::string, std::string> metadata(info.metadata().begin(), info.metadata().end());
  absl::Status error = ErrorWithReason(code, info.reason(), status.error_message(), metadata);
  for (const auto& detail : details.details()) {
    if (detail.Is<google::rpc::BadRequest>() || detail.Is<v1::DocumentPlaces>()) {
      error.SetPayload(detail.type_url(), absl::Cord(detail.value()));
    }
  }
  return error;
}

absl::Status InvalidFields(std::string_view reason, std::string_view message,
                           std::span<const FieldViolation> violations) {
  absl::Status status = ErrorWithReason(absl::StatusCode::kInvalidArgument, reason, message);
  size_t num_named = 0;
  Attach(ToBadRequest(violations, num_named), status);
  return status;
}

absl::Status InvalidDocument(std::string_view reason, std::string_view message,
                             std::span<const spec::Problem> problems) {
  std::vector<FieldViolation> violations;
  for (const spec::Problem& problem : problems) {
    violations.push_back({problem.path, absl::StrCat(PlaceText(problem), problem.message)});
  }
  absl::Status status = ErrorWithReason(absl::StatusCode::kInvalidArgument, reason, message);
  size_t num_named = 0;
  Attach(ToBadRequest(violations, num_named), status);
  Attach(ToPlaces(problems.first(num_named)), status);
  return status;
}

std::vector<spec::Problem> ProblemsOf(const absl::Status& status) {
  const auto places = Attached<v1::DocumentPlaces>(status);
  if (places.places().empty()) return {};
  const auto request = Attached<google::rpc::BadRequest>(status);
  std::vector<spec::Problem> problems;
  for (const auto& violation : request.field_violations()) {
    const int index = static_cast<int>(problems.size());
    problems.push_back(ToProblem(violation, index < places.places_size()
                                                ? places.places(index)
                                                : v1::DocumentPlaces::Place()));
  }
  return problems;
}

}  // namespace fp4::wire
