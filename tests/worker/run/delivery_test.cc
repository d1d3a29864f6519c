#include "worker/run/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/reasons.h"
#include "tests/worker/temporary_folder.h"

namespace fp4::worker {
namespace {

using absl::Milliseconds;
using absl::Seconds;
using Verdict = Delivery::Verdict;

class DeliveryTest : public testing::Test {
 protected:
  void Write(int64_t first, int64_t last) {
    std::ofstream file(path_, std::ios::app);
    for (int64_t seq = first; seq <= last; ++seq) {
      file << spec::FormatEvent({.seq = seq,
                                 .time = absl::UnixEpoch(),
                                 .attempt = 1,
                                 .kind = spec::LogEvent{"info", "x"}})
           << "\n";
    }
  }
  size_t NumSent(absl::Duration now) { return delivery_.Next(now)->size(); }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "events.jsonl";
  Delivery delivery_{path_, 1, {.batch = {.max_lines = 3}}, 7};
};

TEST_F(DeliveryTest, HasOneReportInFlight) {
  Write(1, 2);
  EXPECT_EQ(NumSent(Seconds(1)), 2u);
  EXPECT_EQ(NumSent(Seconds(2)), 0u);
  EXPECT_EQ(delivery_.OnAnswer(3, Seconds(3)), Verdict::kAcknowledged);
  EXPECT_EQ(delivery_.last_latency(), Seconds(2));
  EXPECT_EQ(delivery_.next_seq(), 3);
}

TEST_F(DeliveryTest, SendsAtOnceAfterAFullReportElseAtItsPace) {
  Write(1, 4);
  EXPECT_EQ(NumSent(Seconds(1)), 3u);
  delivery_.OnAnswer(4, Seconds(1));
  EXPECT_EQ(NumSent(Seconds(1)), 1u);
  delivery_.OnAnswer(5, Seconds(1));
  Write(5, 5);
  EXPECT_EQ(NumSent(Seconds(1) + Milliseconds(199)), 0u);
  EXPECT_EQ(NumSent(Seconds(1) + Milliseconds(200)), 1u);
}

TEST_F(DeliveryTest, SendsTheSameAgainAfterAFailureButNotSoon) {
  Write(1, 2);
  ASSERT_EQ(NumSent(Seconds(1)), 2u);
  EXPECT_EQ(delivery_.OnAnswer(absl::UnavailableError("away"), Seconds(1)), Verdict::kRetry);
  EXPECT_EQ(NumSent(Seconds(1) + Milliseconds(50)), 0u);
  EXPECT_EQ(NumSent(Seconds(7)), 2u);
  EXPECT_EQ(delivery_.next_seq(), 1);
}

TEST_F(DeliveryTest, GoesWhereAGapAsks) {
  Write(1, 6);
  delivery_.Seek(4);
  ASSERT_EQ((*delivery_.Next(Seconds(1)))[0].seq, 4);
  const absl::Status gap = ErrorWithReason(absl::StatusCode::kOutOfRange, reason::kSeqGap, "gap",
                                           {{"expected_seq", "2"}});
  EXPECT_EQ(delivery_.OnAnswer(gap, Seconds(1)), Verdict::kRetry);
  EXPECT_EQ((*delivery_.Next(Seconds(9)))[0].seq, 2);
  EXPECT_EQ(delivery_.OnAnswer(gap, Seconds(9)), Verdict::kRefused);  // 2 is what was sent
}

TEST_F(DeliveryTest, PassesOverWhatIsStoredAlready) {
  Write(1, 6);
  ASSERT_EQ(NumSent(Seconds(1)), 3u);
  EXPECT_EQ(delivery_.OnAnswer(6, Seconds(1)), Verdict::kAcknowledged);
  EXPECT_EQ((*delivery_.Next(Seconds(2)))[0].seq, 6);
}

TEST_F(DeliveryTest, AnAnswerWithoutProgressIsNotRepeatedAtOnce) {
  Write(1, 1);
  ASSERT_EQ(NumSent(Seconds(1)), 1u);
  EXPECT_EQ(delivery_.OnAnswer(1, Seconds(1)), Verdict::kRetry);
  EXPECT_EQ(NumSent(Seconds(1)), 0u);
}

TEST(VerdictOfTest, TellsWhatAnErrorMeansForALease) {
  const auto with = [](absl::StatusCode code, std::string_view why) {
    return VerdictOf(ErrorWithReason(code, why, ""));
  };
  EXPECT_EQ(with(absl::StatusCode::kFailedPrecondition, reason::kStaleAttempt), Verdict::kFenced);
  EXPECT_EQ(with(absl::StatusCode::kFailedPrecondition, reason::kUnknownWorker),
            Verdict::kUnknownWorker);
  EXPECT_EQ(with(absl::StatusCode::kNotFound, reason::kNotFound), Verdict::kFenced);
  EXPECT_EQ(with(absl::StatusCode::kInvalidArgument, reason::kInvalidArgument), Verdict::kRefused);
  EXPECT_EQ(VerdictOf(absl::UnavailableError("")), Verdict::kRetry);
  EXPECT_EQ(VerdictOf(absl::DeadlineExceededError("")), Verdict::kRetry);
  EXPECT_EQ(VerdictOf(absl::InternalError("")), Verdict::kRetry);
}

}  // namespace
}  // namespace fp4::worker
