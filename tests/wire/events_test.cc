#include "wire/events.h"

#include <gmock/gmock.h>

#include "fp4/v1/types.pb.h"

namespace fp4::wire {
namespace {

spec::Event EventOf(spec::EventKind kind) {
  return {.seq = 17,
          .time = absl::FromUnixMillis(1'767'323'045'678),
          .attempt = 3,
          .kind = std::move(kind)};
}

TEST(Events, EveryKindComesBackAsItWas) {
  const spec::EventKind kinds[] = {
      spec::StartedEvent{R"({"threads":2})"},
      spec::MetricsEvent{40, {{"train/loss", 0.1}, {"a", -3.0}}},
      spec::CheckpointEvent{"/r/c", 100, 12345678901, "ab"},
      spec::HealthEvent{"error", "frozen_layer", "lm_head", "does not learn"},
      spec::LogEvent{"info", "two\nlines"},
      spec::PrecisionSwitchEvent{.step = 3,
                                 .layer = "lm_head",
                                 .to = "low",
                                 .gradient = 0.5,
                                 .gradient_above = 0.25,
                                 .error = 0.125,
                                 .error_above = 2,
                                 .relative = false},
      spec::SensitivityEvent{4, R"({"targets":8})"},
      spec::DecisionEvent{5, R"({"why":"a"})"},
      spec::FinishedEvent{"completed", "because"},
      spec::UnknownEvent{"picture", R"({"file":"/a.png"})"}};
  static_assert(std::size(kinds) == std::variant_size_v<spec::EventKind>);
  for (const spec::EventKind& kind : kinds) {
    const spec::Event event = EventOf(kind);
    v1::Event message;
    ToProto(event, message);
    EXPECT_EQ(spec::FormatEvent(FromProto(message)), spec::FormatEvent(event));
  }
}

TEST(Events, AKindOfANewerPeerKeepsItsPlace) {
  // Field 2047 of the event: a kind that no release has.
  v1::Event message;
  ASSERT_TRUE(message.ParseFromString(std::string("\xfa\x7f\x03\x0a\x01\x61", 6)));
  ASSERT_EQ(message.kind_case(), v1::Event::KIND_NOT_SET);
  message.set_seq(5);
  message.set_attempt(2);
  const spec::Event event = FromProto(message);
  EXPECT_EQ(event.seq, 5);
  EXPECT_EQ(event.attempt, 2);
  EXPECT_EQ(std::get<spec::UnknownEvent>(event.kind).type, "");
}

}  // namespace
}  // namespace fp4::wire
