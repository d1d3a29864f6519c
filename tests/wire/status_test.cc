#include "wire/status.h"

#include <gmock/gmock.h>
#include <grpcpp/support/status.h>

#include "base/reasons.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace fp4::wire {
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

TEST(FromGrpcStatus, GivesBackWhatWasSent) {
  const absl::Status sent = ErrorWithReason(absl::StatusCode::kOutOfRange, reason::kSeqGap, "a gap",
                                            {{"expected_seq", "17"}});
  const absl::Status got = FromGrpcStatus(ToGrpcStatus(sent));
  EXPECT_EQ(got.code(), sent.code());
  EXPECT_EQ(got.message(), "a gap");
  EXPECT_EQ(ReasonOf(got), reason::kSeqGap);
  EXPECT_THAT(ReasonMetadataOf(got), ElementsAre(Pair("expected_seq", "17")));
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
}

TEST(FromGrpcStatus, HasNoReasonWhereNobodyGaveOne) {
  for (const char* details : {"", "\x0a\xff no message of protobuf"}) {
    const grpc::Status status(grpc::StatusCode::UNAVAILABLE, "failed to connect", details);
    EXPECT_EQ(FromGrpcStatus(status), absl::UnavailableError("failed to connect"));
  }
}

TEST(FromGrpcStatus, PassesOverDetailsThatItDoesNotKnow) {
  google::rpc::Status message;
  google::rpc::ErrorInfo info;
  info.set_reason("NOT_FOUND");
  message.add_details()->PackFrom(info);
  google::protobuf::Any& later = *message.add_details();
  later.set_type_url("type.googleapis.com/fp4.v9.Advice");
  later.set_value("\xff\xff");
  const grpc::Status status(grpc::StatusCode::NOT_FOUND, "no run", message.SerializeAsString());
  EXPECT_EQ(ReasonOf(FromGrpcStatus(status)), reason::kNotFound);
}

TEST(ProblemsOf, AreThoseOfTheDocument) {
  const std::vector<spec::Problem> problems = {
      {.path = "model.preset",
       .line = 3,
       .column = 14,
       .message = "is 'mikro': 7:8",
       .override_text = ""},
      {.path = "", .line = 0, .column = 0, .message = "is larger than 1 MiB", .override_text = ""},
      {.path = "x", .line = 1, .column = 1, .message = "unknown", .override_text = "x=1: 2"},
      {.path = "y", .line = 1, .column = 1, .message = "unknown", .override_text = "y=\xff"}};
  const absl::Status status = FromGrpcStatus(
      ToGrpcStatus(InvalidDocument(reason::kInvalidDocument, "4 problems", problems)));
  const std::vector<spec::Problem> got = ProblemsOf(status);
  ASSERT_EQ(got.size(), 4u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(got[i].path, problems[i].path);
    EXPECT_EQ(got[i].line, problems[i].line);
    EXPECT_EQ(got[i].column, problems[i].column);
    EXPECT_EQ(got[i].message, problems[i].message);
    EXPECT_EQ(got[i].override_text, problems[i].override_text);
  }
  EXPECT_EQ(got[3].override_text, "y=\uFFFD");
  EXPECT_EQ(got[3].message, "unknown");
}

TEST(ProblemsOf, ReadersOfBadRequestAloneSeeThePlaceToo) {
  const std::vector<spec::Problem> problems = {
      {.path = "a", .line = 3, .column = 14, .message = "is bad", .override_text = ""},
      {.path = "b", .line = 1, .column = 1, .message = "unknown", .override_text = "b=1"}};
  const auto request =
      DetailsOf(ToGrpcStatus(InvalidDocument(reason::kInvalidDocument, "2", problems))).bad_request;
  ASSERT_EQ(request.field_violations_size(), 2);
  EXPECT_EQ(request.field_violations(0).description(), "3:14: is bad");
  EXPECT_EQ(request.field_violations(1).description(), "--set b=1: unknown");
}

TEST(ProblemsOf, AVeryLongListFitsIntoTrailersAndIsCounted) {
  const std::vector<spec::Problem> problems(
      500, {.path = "a", .line = 123456, .column = 7, .message = "w", .override_text = ""});
  const grpc::Status sent =
      ToGrpcStatus(InvalidDocument(reason::kInvalidDocument, "500 problems", problems));
  EXPECT_LT(sent.error_details().size(), 5900u);  // 8 KiB in base64
  const std::vector<spec::Problem> got = ProblemsOf(FromGrpcStatus(sent));
  ASSERT_GT(got.size(), 50u);
  EXPECT_THAT(got.back().message, HasSubstr("more"));
  EXPECT_EQ(got.back().line, 0);
  EXPECT_EQ(got.front().line, 123456);
}

TEST(ProblemsOf, AnErrorAboutAnotherFieldHasNone) {
  const std::vector<FieldViolation> violations = {{"reference", "'zzz' is not a variant"}};
  EXPECT_TRUE(ProblemsOf(FromGrpcStatus(ToGrpcStatus(
                             InvalidFields(reason::kInvalidArgument, "reference", violations))))
                  .empty());
  EXPECT_TRUE(ProblemsOf(absl::InvalidArgumentError("x")).empty());
}

}  // namespace
}  // namespace fp4::wire
