#include "server/rpc/errors.h"

#include <gmock/gmock.h>

#include "base/reasons.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace fp4::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

struct Details {
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
};

Details DetailsOf(const grpc::Status& status) {
  google::rpc::Status message;
  EXPECT_TRUE(message.ParseFromString(status.error_details()));
  EXPECT_EQ(message.code(), static_cast<int>(status.error_code()));
  EXPECT_EQ(message.message(), status.error_message());
  Details details;
  for (const auto& any : message.details()) {
    any.UnpackTo(&details.info);
    any.UnpackTo(&details.bad_request);
  }
  return details;
}

TEST(ToGrpcStatus, OkIsOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_EQ(ToGrpcStatus(absl::OkStatus()).error_details(), "");
}

TEST(ToGrpcStatus, EveryCodeKeepsItsMeaning) {
  const std::pair<absl::StatusCode, grpc::StatusCode> codes[] = {
      {absl::StatusCode::kCancelled, grpc::StatusCode::CANCELLED},
      {absl::StatusCode::kUnknown, grpc::StatusCode::UNKNOWN},
      {absl::StatusCode::kInvalidArgument, grpc::StatusCode::INVALID_ARGUMENT},
      {absl::StatusCode::kDeadlineExceeded, grpc::StatusCode::DEADLINE_EXCEEDED},
      {absl::StatusCode::kNotFound, grpc::StatusCode::NOT_FOUND},
      {absl::StatusCode::kAlreadyExists, grpc::StatusCode::ALREADY_EXISTS},
      {absl::StatusCode::kPermissionDenied, grpc::StatusCode::PERMISSION_DENIED},
      {absl::StatusCode::kUnauthenticated, grpc::StatusCode::UNAUTHENTICATED},
      {absl::StatusCode::kResourceExhausted, grpc::StatusCode::RESOURCE_EXHAUSTED},
      {absl::StatusCode::kFailedPrecondition, grpc::StatusCode::FAILED_PRECONDITION},
      {absl::StatusCode::kAborted, grpc::StatusCode::ABORTED},
      {absl::StatusCode::kOutOfRange, grpc::StatusCode::OUT_OF_RANGE},
      {absl::StatusCode::kUnimplemented, grpc::StatusCode::UNIMPLEMENTED},
      {absl::StatusCode::kInternal, grpc::StatusCode::INTERNAL},
      {absl::StatusCode::kUnavailable, grpc::StatusCode::UNAVAILABLE},
      {absl::StatusCode::kDataLoss, grpc::StatusCode::DATA_LOSS}};
  for (const auto& [from, to] : codes) {
    const grpc::Status status = ToGrpcStatus(absl::Status(from, "why"));
    EXPECT_EQ(status.error_code(), to);
    EXPECT_EQ(status.error_message(), "why");
    EXPECT_EQ(DetailsOf(status).info.domain(), "fp4lab");
    EXPECT_EQ(DetailsOf(status).info.reason(), absl::StatusCodeToString(from));
  }
}

TEST(ToGrpcStatus, CarriesReasonAndMetadata) {
  const grpc::Status status = ToGrpcStatus(ErrorWithReason(
      absl::StatusCode::kOutOfRange, reason::kSeqGap, "a gap", {{"expected_seq", "17"}}));
  const google::rpc::ErrorInfo info = DetailsOf(status).info;
  EXPECT_EQ(info.reason(), "SEQ_GAP");
  EXPECT_THAT(info.metadata(), ElementsAre(Pair("expected_seq", "17")));
}

TEST(InvalidFields, HasAViolationForEachProblem) {
  const std::vector<FieldViolation> violations = {{"precision.default", "3:7: is 'fp44'"},
                                                  {"seeds[1]", "4:2: is 1 again"}};
  const absl::Status status = InvalidFields(reason::kInvalidDocument, "2 problems", violations);
  const Details details = DetailsOf(ToGrpcStatus(status));
  EXPECT_EQ(details.info.reason(), "INVALID_DOCUMENT");
  ASSERT_EQ(details.bad_request.field_violations_size(), 2);
  EXPECT_EQ(details.bad_request.field_violations(1).field(), "seeds[1]");
  EXPECT_EQ(details.bad_request.field_violations(1).description(), "4:2: is 1 again");
}

TEST(InvalidFields, CountsWhatDoesNotFitIntoTrailers) {
  const std::vector<FieldViolation> violations(500, {"a.field", "1:2: is wrong in some way"});
  const grpc::Status status =
      ToGrpcStatus(InvalidFields(reason::kInvalidDocument, "500 problems", violations));
  const google::rpc::BadRequest request = DetailsOf(status).bad_request;
  const int named = request.field_violations_size() - 1;
  EXPECT_GT(named, 50);
  EXPECT_EQ(request.field_violations(named).description(),
            "… and " + std::to_string(500 - named) + " more");
  EXPECT_LT(status.error_details().size(), 5000);
}

TEST(ToGrpcStatus, ShortensALongMessageBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "é";
  const std::string message = ToGrpcStatus(absl::InternalError(text)).error_message();
  EXPECT_LT(message.size(), 700);
  EXPECT_THAT(message, HasSubstr("é…"));
}

TEST(ToGrpcStatus, ReplacesWhatIsNotUtf8) {
  const grpc::Status status = ToGrpcStatus(absl::InternalError("a\xff\xc3z"));
  EXPECT_EQ(status.error_message(), "a\uFFFD\uFFFDz");
}

}  // namespace
}  // namespace fp4::rpc
