#include "spec/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/clock.h"

namespace fp4::spec {
namespace {

using ::testing::HasSubstr;

Event MakeEvent(decltype(Event::kind) kind) {
  return {.seq = 17,
          .time = ParseTimestamp("2026-01-02T03:04:05.678Z"),
          .attempt = 1,
          .kind = std::move(kind)};
}

struct Case {
  const char* name;
  Event event;
  std::string line;  // after the common fields
};

class EventFormat : public testing::TestWithParam<Case> {};

TEST_P(EventFormat, LineReadsBackToTheSameLine) {
  const std::string line =
      R"({"seq":17,"time":"2026-01-02T03:04:05.678Z","attempt":1,)" + GetParam().line + "}";
  EXPECT_EQ(FormatEvent(GetParam().event), line);
  absl::StatusOr<Event> read = ParseEvent(line);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->kind.index(), GetParam().event.kind.index());
  EXPECT_EQ(FormatEvent(*read), line);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, EventFormat,
    testing::Values(
        Case{"started", MakeEvent(StartedEvent{R"({"threads": 2, "document": {"name": "a"}})"}),
             R"("type":"started","threads":2,"document":{"name":"a"})"},
        Case{"started_empty", MakeEvent(StartedEvent{"{}"}), R"("type":"started")"},
        Case{"metrics", MakeEvent(MetricsEvent{40, {{"train/loss", 0.1}, {"a", -3.0}}}),
             R"("type":"metrics","step":40,"values":{"train/loss":0.1,"a":-3})"},
        Case{"metrics_not_finite",
             MakeEvent(MetricsEvent{0,
                                    {{"c", std::numeric_limits<double>::quiet_NaN()},
                                     {"b", std::numeric_limits<double>::infinity()},
                                     {"a", -std::numeric_limits<double>::infinity()}}}),
             R"("type":"metrics","step":0,"values":{"c":"NaN","b":"Infinity","a":"-Infinity"})"},
        Case{"checkpoint", MakeEvent(CheckpointEvent{"/r/c", 100, 12345678901, "ab"}),
             R"("type":"checkpoint","path":"/r/c","step":100,"bytes":12345678901,"sha256":"ab")"},
        Case{"health", MakeEvent(HealthEvent{"error", "frozen_layer", "lm_head", "does not learn"}),
             R"("type":"health","severity":"error","code":"frozen_layer","layer":"lm_head",)"
             R"("message":"does not learn")"},
        Case{"log", MakeEvent(LogEvent{"info", "two\nlines \"quoted\""}),
             R"("type":"log","severity":"info","message":"two\nlines \"quoted\"")"},
        Case{"precision_switch",
             MakeEvent(PrecisionSwitchEvent{.step = 3,
                                            .layer = "lm_head",
                                            .to = "high",
                                            .gradient = 0.5,
                                            .gradient_above = 0,
                                            .error = 0.125,
                                            .error_above = 0.1,
                                            .relative = true}),
             R"("type":"precision_switch","step":3,"layer":"lm_head","to":"high","gradient":0.5,)"
             R"("gradient_above":0,"error":0.125,"error_above":0.1,"relative":true)"},
        Case{"sensitivity", MakeEvent(SensitivityEvent{4, R"({"targets":8,"layers":[]})"}),
             R"("type":"sensitivity","step":4,"targets":8,"layers":[])"},
        Case{"sensitivity_empty", MakeEvent(SensitivityEvent{0, "{}"}),
             R"("type":"sensitivity","step":0)"},
        Case{"decision", MakeEvent(DecisionEvent{4, R"({"why":"a"})"}),
             R"("type":"decision","step":4,"why":"a")"},
        Case{"finished", MakeEvent(FinishedEvent{"completed", ""}),
             R"("type":"finished","status":"completed","reason":"")"},
        Case{"of_a_newer_trainer",
             MakeEvent(UnknownEvent{"picture", R"({"file":"/a.png","n":[1]})"}),
             R"("type":"picture","file":"/a.png","n":[1])"},
        Case{"of_a_newer_trainer_empty", MakeEvent(UnknownEvent{"tick", "{}"}),
             R"("type":"tick")"}),
    [](const auto& info) { return info.param.name; });

TEST(PrecisionSwitch, IsDescribedByTheNumbersThatHaveBounds) {
  PrecisionSwitchEvent event{.step = 3, .layer = "lm_head", .to = "high", .error = 0.125};
  event.error_above = 0.1;
  EXPECT_EQ(Describe(event),
            "lm_head goes to high precision after step 3: mean error 0.125 (bound 0.1), as shares "
            "of the mean weight");
  event.to = "low";
  event.relative = false;
  event.gradient_above = 1;
  EXPECT_EQ(Describe(event),
            "lm_head comes back from it after step 3: mean gradient 0 (bound 1), mean error 0.125 "
            "(bound 0.1)");
}

TEST(FormatEvent, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_THAT(FormatEvent(MakeEvent(LogEvent{"info", "a\xff"})), HasSubstr("a\xEF\xBF\xBD"));
}

struct BadLine {
  std::string line, message;
};

TEST(ParseEvent, BadLineNamesWhatIsWrong) {
  const std::string head = R"({"seq":1,"time":"2026-01-02T03:04:05.678Z","attempt":1,)";
  const BadLine lines[] = {
      {"", "unexpected end of input"},
      {"{\"seq\":1", "unexpected end of input"},
      {"[1]", "should be an object, is [1]"},
      {"{}", "'seq' is missing"},
      {R"({"seq":-1})", "'seq' should be a whole number, 0 or more, is -1"},
      {R"({"seq":18446744073709551615})", "'seq' should be a whole number"},
      {R"({"seq":1.5})", "'seq' should be a whole number, 0 or more, is 1.5"},
      {R"({"seq":1,"time":"noon"})", "'time' should be an RFC 3339 time, is \"noon\""},
      {R"({"seq":1,"time":"2026-01-02T03:04:05.678Z","attempt":3000000000})",
       "'attempt' should be a whole number"},
      {head + R"("type":"metrics","step":1})", "'values' is missing"},
      {head + R"("type":"metrics","step":1,"values":[]})", "'values' should be an object"},
      {head + R"("type":"metrics","step":1,"values":{"a":"nan"}})",
       "'values.a' should be a number, is \"nan\""},
      {head + R"("type":"checkpoint","path":7})", "'path' should be a string, is 7"},
      {head + R"("type":"finished","status":"completed"})", "'reason' is missing"},
  };
  for (const BadLine& bad : lines) {
    absl::StatusOr<Event> event = ParseEvent(bad.line);
    EXPECT_EQ(event.status().code(), absl::StatusCode::kInvalidArgument) << bad.line;
    EXPECT_THAT(std::string(event.status().message()), HasSubstr(bad.message)) << bad.line;
  }
}

TEST(ParseEvent, DepthIsLimitedOutsideOfStrings) {
  const std::string head =
      R"({"seq":1,"time":"2026-01-02T03:04:05.678Z","attempt":1,"type":"started","x":)";
  const std::string brackets(100000, '[');
  EXPECT_THAT(std::string(ParseEvent(head + brackets).status().message()),
              HasSubstr("nested more than 64 deep"));
  EXPECT_TRUE(ParseEvent(head + R"("\"[\")" + brackets + "\"}").ok());
}

TEST(FormatNumber, IsTheShortestTextThatReadsBack) {
  EXPECT_EQ(FormatNumber(0.1), "0.1");
  EXPECT_EQ(FormatNumber(5e-324), "5e-324");
  EXPECT_EQ(FormatNumber(1.7976931348623157e308), "1.7976931348623157e+308");
  EXPECT_EQ(FormatNumber(0.1f), "0.10000000149011612");
  EXPECT_EQ(FormatNumber(400), "400");
  EXPECT_EQ(FormatNumber(-0.0), "-0");
}

}  // namespace
}  // namespace fp4::spec
