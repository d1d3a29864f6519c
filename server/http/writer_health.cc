#include "server/http/writer_health.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace fp4::http {

WriterHealth::WriterHealth(const Clock& clock)
    : clock_(clock), last_beat_ns_(absl::ToInt64Nanoseconds(clock.SinceBoot())) {}

void WriterHealth::Beat() { last_beat_ns_ = absl::ToInt64Nanoseconds(clock_.SinceBoot()); }

telemetry::HealthReport WriterHealth::Check(const absl::Status& store_health) const {
  const absl::Duration silence = clock_.SinceBoot() - absl::Nanoseconds(last_beat_ns_.load());
  if (silence > kMaxSilence) {
    return {false, absl::StrCat("the store's writer has not run for ",
                                absl::ToInt64Seconds(silence), " s")};
  }
  if (!store_health.ok()) {
    return {false, absl::StrCat("the store cannot write: ", store_health.message())};
  }
  return {};
}

}  // namespace fp4::http
