#include "worker/run/delivery.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/reasons.h"

namespace fp4::worker {
namespace {

// The seq that a SEQ_GAP asks for.
std::optional<int64_t> ExpectedSeq(const absl::Status& error) {
  if (ReasonOf(error) != reason::kSeqGap) return std::nullopt;
  const auto metadata = ReasonMetadataOf(error);
  auto found = metadata.find("expected_seq");
  int64_t seq = 0;
  if (found == metadata.end()) return std::nullopt;
  const std::string& text = found->second;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (failed != std::errc() || end != text.data() + text.size() || seq < 1) return std::nullopt;
  return seq;
}

}  // namespace

Delivery::Verdict VerdictOf(const absl::Status& error) {
  const std::string why = ReasonOf(error).value_or("");
  if (why == reason::kStaleAttempt || absl::IsNotFound(error)) return Delivery::Verdict::kFenced;
  if (why == reason::kUnknownWorker) return Delivery::Verdict::kUnknownWorker;
  const bool permanent = absl::IsInvalidArgument(error) || absl::IsOutOfRange(error) ||
                         absl::IsFailedPrecondition(error) || absl::IsUnimplemented(error);
  return permanent ? Delivery::Verdict::kRefused : Delivery::Verdict::kRetry;
}

Delivery::Delivery(std::filesystem::path log, int64_t next_seq, Pace pace, uint64_t seed)
    : cursor_(std::move(log), next_seq),
      pace_(pace),
      backoff_(pace.first_retry, pace.last_retry, seed) {}

absl::StatusOr<std::vector<spec::Event>> Delivery::Next(absl::Duration now) {
  if (in_flight_ || now < not_before_) return std::vector<spec::Event>{};
  absl::StatusOr<std::vector<spec::Event>> events = cursor_.Peek(pace_.batch);
  if (!events.ok() || events->empty()) return events;
  in_flight_ = true;
  full_ = events->size() >= pace_.batch.max_lines;
  sent_seq_ = cursor_.next_seq();
  sent_at_ = now;
  return events;
}

Delivery::Verdict Delivery::OnAnswer(const absl::StatusOr<int64_t>& next_seq, absl::Duration now) {
  in_flight_ = false;
  last_latency_ = now - sent_at_;
  if (!next_seq.ok()) return OnError(next_seq.status(), now);
  cursor_.Seek(*next_seq);
  if (*next_seq <= sent_seq_) {  // taken, yet wanted again
    not_before_ = now + backoff_.Next();
    return Verdict::kRetry;
  }
  backoff_.Reset();
  not_before_ = full_ ? now : sent_at_ + pace_.interval;
  return Verdict::kAcknowledged;
}

Delivery::Verdict Delivery::OnError(const absl::Status& error, absl::Duration now) {
  not_before_ = now + backoff_.Next();
  if (std::optional<int64_t> expected = ExpectedSeq(error)) {
    if (*expected == sent_seq_) return Verdict::kRefused;  // that is what was sent
    cursor_.Seek(*expected);
    return Verdict::kRetry;
  }
  return VerdictOf(error);
}

void Delivery::Seek(int64_t next_seq) {
  if (!in_flight_) cursor_.Seek(next_seq);
}

}  // namespace fp4::worker
