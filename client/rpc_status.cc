#include "client/rpc_status.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include <map>
#include <regex>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "base/reasons.h"

namespace fp4::client {
namespace {

constexpr char kViolationsPayload[] = "fp4lab/violations";

absl::StatusCode CodeOf(const grpc::Status& status) {
  // The two enumerations have equal numbers by definition.
  return static_cast<absl::StatusCode>(status.error_code());
}

}  // namespace

absl::Status FromRpc(const grpc::Status& status, const std::string& address) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
  for (const auto& detail : details.details()) {
    if (!detail.UnpackTo(&info)) detail.UnpackTo(&bad_request);
  }
  if (info.reason().empty()) {
    absl::string_view at = status.error_code() == grpc::StatusCode::UNAVAILABLE ? address : "";
    return absl::Status(CodeOf(status), at.empty() ? status.error_message()
                                                   : absl::StrCat("no controller answers at ", at));
  }
  std::map<std::string, std::string> metadata(info.metadata().begin(), info.metadata().end());
  absl::Status error =
      ErrorWithReason(CodeOf(status), info.reason(), status.error_message(), metadata);
  if (bad_request.field_violations_size() > 0) {
    error.SetPayload(kViolationsPayload, absl::Cord(bad_request.SerializeAsString()));
  }
  return error;
}

std::vector<Violation> ViolationsOf(const absl::Status& status) {
  std::vector<Violation> violations;
  auto payload = status.GetPayload(kViolationsPayload);
  google::rpc::BadRequest bad_request;
  if (!payload.has_value() || !bad_request.ParseFromString(std::string(*payload)))
    return violations;
  for (const auto& violation : bad_request.field_violations()) {
    violations.push_back({violation.field(), violation.description()});
  }
  return violations;
}

std::string FormatViolation(const Violation& violation, const std::string& document_name) {
  static const std::regex place(R"(^(\d+):(\d+): ([\s\S]*))");
  std::smatch match;
  std::string line = document_name, message = violation.description;
  if (std::regex_match(violation.description, match, place)) {
    if (match.str(1) != "0") absl::StrAppend(&line, ":", match.str(1), ":", match.str(2));
    message = match.str(3);
  }
  absl::StrAppend(&line, ": error: ");
  // Of an override the description names the field: "--set training.stepz=3: unknown field".
  const bool is_override = message.starts_with("--set ");
  if (!violation.field.empty() && !is_override) absl::StrAppend(&line, violation.field, ": ");
  return absl::StrCat(line, message);
}

}  // namespace fp4::client
