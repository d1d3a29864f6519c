// How often somebody may do something. Without a clock: the caller says what time it is.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace fp4::access {

// So many at once, and so many a second in the long run, for each name by itself (a token bucket).
// Remembers at most `max_names`; beyond it those go that have not come for longest. Not
// thread-safe.
class RateLimit {
 public:
  struct Settings {
    double burst = 0, per_second = 0;
    size_t max_names = 4096;
  };
  explicit RateLimit(const Settings& settings) : settings_(settings) {}

  // False: too often; try again later.
  bool Allow(std::string_view name, absl::Duration now);

 private:
  struct Bucket {
    double left = 0;
    absl::Duration last;
  };

  const Settings settings_;
  std::map<std::string, Bucket, std::less<>> buckets_;
};

// Pauses after failed logins that double from one to the next, up to a minute, for each address.
// An address that has not failed for ten minutes begins anew. Not thread-safe.
class FailurePause {
 public:
  // How long `address` must still wait before the next failure of its is looked at.
  absl::Duration Left(std::string_view address, absl::Duration now) const;
  void NoteFailure(std::string_view address, absl::Duration now);

 private:
  struct Failures {
    int count = 0;
    absl::Duration last, until;
  };
  std::map<std::string, Failures, std::less<>> failures_;
};

}  // namespace fp4::access
