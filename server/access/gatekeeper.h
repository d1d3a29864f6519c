// Decides of each call who makes it and whether he may: tokens, roles, how often.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "server/access/identity.h"
#include "server/access/rate_limit.h"
#include "server/access/rules.h"

namespace fp4::access {

// Calls of one identity, or of one address without any: at once, and a second in the long run.
// A worker with many runs stays far below it.
inline constexpr double kCallBurst = 2000, kCallsPerSecond = 500;

// Thread-safe. The clock outlives it.
class Gatekeeper {
 public:
  // `required`: everybody is asked who he is, also while there is no token. Otherwise from the
  // first token on, for good.
  Gatekeeper(const Clock& clock, bool required)
      : clock_(clock),
        required_(required),
        calls_({.burst = kCallBurst, .per_second = kCallsPerSecond}) {}

  // Takes a token as it now is: one that has been read, made or revoked.
  void Put(TokenRecord token);
  bool required() const;

  // Who it is. UNAUTHENTICATED says what is wrong, never with the text; RESOURCE_EXHAUSTED
  // TOO_MANY_CALLS: too many failures came from this address, or too many calls from this identity.
  // A valid token is let in whatever others at its address have tried.
  absl::StatusOr<Caller> Identify(const Credentials& credentials);

  // Tokens that have been used since the last call of this function, and when.
  std::vector<std::pair<std::string, absl::Time>> TakeUses();

 private:
  absl::StatusOr<Caller> IdentifyLocked(const Credentials& credentials)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Caller> FindTokenLocked(std::string_view text)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Of a token that was shown. UNAUTHENTICATED: it is not in force.
  absl::StatusOr<Caller> CallerLocked(const TokenRecord& token)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool RequiredLocked() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  const bool required_;
  mutable Mutex mutex_;
  std::map<std::string, TokenRecord, std::less<>> tokens_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::Time> uses_ ABSL_GUARDED_BY(mutex_);
  FailurePause failures_ ABSL_GUARDED_BY(mutex_);
  RateLimit calls_ ABSL_GUARDED_BY(mutex_);
};

// The address without its port: "ipv4:10.0.0.7:5000" and "10.0.0.7:5000" are "10.0.0.7".
std::string HostOf(std::string_view address);

}  // namespace fp4::access
