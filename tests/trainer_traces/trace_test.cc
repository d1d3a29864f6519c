// fp4-train trains the documents in cases/ as PyTorch does; expected.json was recorded by
// bench/traces.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "spec/events.h"

namespace fp4 {
namespace {

using Curves = std::map<std::string, std::map<int64_t, double>>;  // metric -> step -> value

const nlohmann::json& Expected() {
  static const nlohmann::json expected =
      nlohmann::json::parse(*ReadFile(FP4_TRACE_CASES "/expected.json")).at("traces");
  return expected;
}

std::vector<std::string> Cases() {
  std::vector<std::string> names;
  for (const auto& [name, trace] : Expected().items()) names.push_back(name);
  return names;
}

Curves ReadCurves(const std::filesystem::path& event_log) {
  Curves curves;
  std::ifstream file(event_log);
  for (std::string line; std::getline(file, line);) {
    const auto event = spec::ParseEvent(line);
    EXPECT_TRUE(event.ok()) << event.status();
    if (!event.ok()) continue;
    const auto* metrics = std::get_if<spec::MetricsEvent>(&event->kind);
    if (metrics == nullptr) continue;
    for (const auto& [name, value] : metrics->values) curves[name][metrics->step] = value;
  }
  return curves;
}

class TraceTest : public testing::TestWithParam<std::string> {
 protected:
  TraceTest() {
    std::string pattern = testing::TempDir() + "fp4-trace-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~TraceTest() override { std::filesystem::remove_all(folder_); }

  Curves Train(const std::string& name) {
    const std::string command =
        absl::StrCat(FP4_TRAIN, " ", FP4_TRACE_CASES, "/", name, ".json --device cpu --run-dir ",
                     folder_.string(), "/run > ", folder_.string(), "/output 2>&1");
    EXPECT_EQ(std::system(command.c_str()), 0) << *ReadFile(folder_ / "output");
    return ReadCurves(folder_ / "run" / "events.jsonl");
  }

  std::filesystem::path folder_;
};

// How far from PyTorch's numbers; gradient norms as a share of themselves. The few cases that need
// more have bounds of their own beside their numbers, and why in bench/traces/cases.py.
struct Bounds {
  double evaluation = 1e-5, losses = 1e-4, grad_norms = 1e-3;
};

Bounds BoundsOf(const nlohmann::json& expected) {
  Bounds bounds;
  if (!expected.contains("bounds")) return bounds;
  expected["bounds"]["evaluation"].get_to(bounds.evaluation);
  expected["bounds"]["losses"].get_to(bounds.losses);
  expected["bounds"]["grad_norms"].get_to(bounds.grad_norms);
  return bounds;
}

TEST_P(TraceTest, AgreesWithPyTorch) {
  const nlohmann::json& expected = Expected().at(GetParam());
  const Bounds bounds = BoundsOf(expected);
  Curves curves = Train(GetParam());
  ASSERT_EQ(curves["train/loss"].size(), 10u);
  ASSERT_EQ(curves["val/loss"].size(), 2u);
  EXPECT_NEAR(curves["val/loss"][0], expected["evaluation"]["loss"].get<double>(),
              bounds.evaluation);
  EXPECT_NEAR(curves["val/loss"][10], expected["final_evaluation"]["loss"].get<double>(),
              bounds.losses);
  // A rounding error may turn a target or two.
  EXPECT_NEAR(curves["val/accuracy"][0], expected["evaluation"]["accuracy"].get<double>(), 0.015);
  for (int step = 1; step <= 10; ++step) {
    EXPECT_NEAR(curves["train/loss"][step], expected["losses"][step - 1].get<double>(),
                bounds.losses)
        << step;
    const double norm = expected["grad_norms"][step - 1].get<double>();
    EXPECT_NEAR(curves["train/grad_norm"][step], norm, bounds.grad_norms * norm) << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, TraceTest, testing::ValuesIn(Cases()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace fp4
