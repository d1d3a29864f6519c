#include "wire/tables.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace fp4::wire {
namespace {

v1::Series MakeSeries(const std::string& name,
                      const std::vector<std::pair<int64_t, double>>& points) {
  v1::Series series;
  series.set_name(name);
  for (const auto& [step, value] : points) {
    v1::Point& point = *series.add_points();
    point.set_step(step);
    point.set_value(value);
  }
  return series;
}

TEST(MetricsCsvTest, HasARowForEachStepAndAColumnForEachMetric) {
  EXPECT_EQ(MetricsCsv({MakeSeries("train/loss", {{1, 2.5}, {2, 2.25}, {4, 2}}),
                        MakeSeries("val/loss", {{0, 3}, {2, 2.75}})}),
            "step,train/loss,val/loss\n"
            "0,,3\n"
            "1,2.5,\n"
            "2,2.25,2.75\n"
            "4,2,\n");
}

TEST(MetricsCsvTest, ARunWithoutPointsHasAHeader) {
  EXPECT_EQ(MetricsCsv({}), "step\n");
  EXPECT_EQ(MetricsCsv({MakeSeries("a", {})}), "step,a\n");
}

TEST(MetricsCsvTest, ANameThatNeedsQuotesHasThem) {
  EXPECT_EQ(MetricsCsv({MakeSeries("a,\"b\"", {})}), "step,\"a,\"\"b\"\"\"\n");
}

const double kHardValues[] = {0.1,
                              1.0 / 3,
                              -0.0,
                              5e-324,
                              std::numeric_limits<double>::max(),
                              std::nextafter(2.5, 3),
                              123456789012345678.0};

TEST(MetricsCsvTest, ValuesReadBackToTheLastBit) {
  for (double value : kHardValues) {
    const std::string csv = MetricsCsv({MakeSeries("a", {{1, value}})});
    const std::vector<std::string> lines = absl::StrSplit(csv, '\n');
    double read = 0;
    ASSERT_TRUE(absl::SimpleAtod(lines[1].substr(2), &read)) << csv;
    EXPECT_EQ(std::signbit(read), std::signbit(value));
    EXPECT_EQ(read, value) << csv;
  }
}

TEST(MetricsCsvTest, WhatIsNotFiniteHasAName) {
  EXPECT_EQ(MetricsCsv({MakeSeries("a", {{1, NAN}, {2, INFINITY}, {3, -INFINITY}})}),
            "step,a\n1,NaN\n2,Infinity\n3,-Infinity\n");
}

TEST(MetricsJsonLinesTest, HasAnObjectForEachStep) {
  const std::string text = MetricsJsonLines({MakeSeries("a \"b\"", {{1, 0.1}, {3, NAN}}),
                                             MakeSeries("c", {{1, std::nextafter(2.5, 3)}})});
  std::istringstream lines(text);
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  const auto first = nlohmann::json::parse(line);
  EXPECT_EQ(first["step"], 1);
  EXPECT_EQ(first["a \"b\""].get<double>(), 0.1);
  EXPECT_EQ(first["c"].get<double>(), std::nextafter(2.5, 3));
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(line, R"({"step": 3, "a \"b\"": "NaN"})");
}

}  // namespace
}  // namespace fp4::wire
