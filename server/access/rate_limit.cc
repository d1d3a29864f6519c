#include "server/access/rate_limit.h"

#include <algorithm>

namespace fp4::access {
namespace {

// The first ones cost nothing: people paste wrong texts.
constexpr int kFreeFailures = 5;
constexpr absl::Duration kFirstPause = absl::Milliseconds(500), kLongestPause = absl::Minutes(1);
constexpr absl::Duration kForgottenAfter = absl::Minutes(10);
constexpr size_t kMaxAddresses = 4096;

absl::Duration PauseAfter(int count) {
  if (count <= kFreeFailures) return absl::ZeroDuration();
  const int doublings = std::min(count - kFreeFailures - 1, 10);
  return std::min(kFirstPause * (1 << doublings), kLongestPause);
}

template <typename Map>
void EraseOldest(Map& map) {
  map.erase(std::ranges::min_element(map, {}, [](const auto& entry) { return entry.second.last; }));
}

}  // namespace

bool RateLimit::Allow(std::string_view name, absl::Duration now) {
  auto found = buckets_.find(name);
  if (found == buckets_.end()) {
    if (buckets_.size() >= settings_.max_names) EraseOldest(buckets_);
    found = buckets_.emplace(std::string(name), Bucket{settings_.burst, now}).first;
  }
  Bucket& bucket = found->second;
  bucket.left = std::min(settings_.burst, bucket.left + absl::ToDoubleSeconds(now - bucket.last) *
                                                            settings_.per_second);
  bucket.last = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

absl::Duration FailurePause::Left(std::string_view address, absl::Duration now) const {
  const auto found = failures_.find(address);
  if (found == failures_.end()) return absl::ZeroDuration();
  return std::max(found->second.until - now, absl::ZeroDuration());
}

void FailurePause::NoteFailure(std::string_view address, absl::Duration now) {
  auto found = failures_.find(address);
  if (found == failures_.end()) {
    if (failures_.size() >= kMaxAddresses) EraseOldest(failures_);
    found = failures_.emplace(std::string(address), Failures{}).first;
  }
  Failures& failures = found->second;
  if (now - failures.last > kForgottenAfter) failures.count = 0;
  ++failures.count;
  failures.last = now;
  failures.until = now + PauseAfter(failures.count);
}

}  // namespace fp4::access
