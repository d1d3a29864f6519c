#include "wire/times.h"

#include <gmock/gmock.h>

#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace fp4::wire {
namespace {

TEST(Times, ComeBackAsTheyWere) {
  for (const absl::Time time : {absl::UnixEpoch(), absl::FromUnixMillis(1'767'323'045'678),
                                absl::FromUnixNanos(-1), absl::FromUnixMillis(-1500)}) {
    EXPECT_EQ(FromProto(ToProto(time)), time);
    EXPECT_GE(ToProto(time).nanos(), 0) << time;
  }
}

TEST(Durations, ComeBackAsTheyWere) {
  for (const absl::Duration duration :
       {absl::ZeroDuration(), absl::Milliseconds(20'500), absl::Hours(24 * 400),
        absl::Nanoseconds(1), absl::Milliseconds(-1500)}) {
    EXPECT_EQ(FromProto(ToProto(duration)), duration);
  }
}

}  // namespace
}  // namespace fp4::wire
