#include "telemetry/metric_registry.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <ctime>

namespace fp4::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What `promtool check metrics` says of a text; empty: clean.
std::string PromtoolComplaints(const std::string& text) {
  const std::string path = testing::TempDir() + "/metrics.txt";
  FILE* file = fopen(path.c_str(), "w");
  fwrite(text.data(), 1, text.size(), file);
  fclose(file);
  FILE* tool = popen(("promtool check metrics < " + path + " 2>&1").c_str(), "r");
  std::string output;
  for (int c; (c = fgetc(tool)) != EOF;) output.push_back(static_cast<char>(c));
  const int status = pclose(tool);
  if (status != 0 && output.empty()) output = "exit status " + std::to_string(status);
  return output;
}

TEST(MetricRegistry, ShowsWhatWasRegistered) {
  MetricRegistry registry;
  registry.Counter("fp4_worker_things_total", "Things.", {{"kind", "a"}}).Increment(3);
  registry.Gauge("fp4_worker_slots", "Slots.").Set(2);
  registry.Histogram("fp4_worker_wait_seconds", "Wait.", {0.1, 1}).Observe(0.5);

  const std::string text = registry.Text();

  EXPECT_THAT(text, HasSubstr("fp4_worker_things_total{kind=\"a\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("fp4_worker_slots 2\n"));
  EXPECT_THAT(text, HasSubstr("fp4_worker_wait_seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("fp4_worker_wait_seconds_bucket{le=\"1\"} 1\n"));
}

TEST(MetricRegistry, SameNameAndLabelsAreOneInstrument) {
  MetricRegistry registry;
  registry.Counter("fp4_worker_a_total", "A.").Increment();
  registry.Counter("fp4_worker_a_total", "A.").Increment();
  EXPECT_THAT(registry.Text(), HasSubstr("fp4_worker_a_total 2\n"));
}

TEST(MetricRegistry, RefreshesBeforeEachCollection) {
  MetricRegistry registry;
  prometheus::Gauge& gauge = registry.Gauge("fp4_worker_slots", "Slots.");
  int calls = 0;
  registry.OnCollect([&] { gauge.Set(++calls); });
  EXPECT_THAT(registry.Text(), HasSubstr("fp4_worker_slots 1\n"));
  EXPECT_THAT(registry.Text(), HasSubstr("fp4_worker_slots 2\n"));
}

TEST(MetricRegistry, ShowsThisProcess) {
  while (std::clock() < CLOCKS_PER_SEC / 20) {  // processor time is counted in hundredths
  }
  const std::string text = MetricRegistry().Text();
  for (const char* name : {"process_resident_memory_bytes ", "process_cpu_seconds_total ",
                           "process_open_fds ", "process_start_time_seconds "}) {
    EXPECT_THAT(text, HasSubstr(std::string("\n") + name)) << text;
    EXPECT_THAT(text, Not(HasSubstr(std::string("\n") + name + "0\n")));
  }
}

TEST(MetricRegistry, PromtoolFindsNothing) {
  MetricRegistry registry;
  registry.Counter("fp4_worker_things_total", "Things.", {{"kind", "a"}}).Increment();
  registry.Histogram("fp4_worker_wait_seconds", "Wait.", LatencyBounds()).Observe(1);
  EXPECT_EQ(PromtoolComplaints(registry.Text()), "");
}

TEST(MetricRegistry, PromtoolWouldFindABadName) {
  MetricRegistry registry;
  registry.Counter("fp4_worker_things", "Things.").Increment();
  EXPECT_NE(PromtoolComplaints(registry.Text()), "");
}

}  // namespace
}  // namespace fp4::telemetry
