// The pages of --report and --charts: what is in the file, and that nothing in it can break it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/file.h"
#include "numerics/tool/report_page.h"
#include "numerics/tool/run.h"
#include "page/page.h"
#include "safetensors/safetensors.h"

namespace fp4::numerics::tool {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

size_t Count(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class PagesTest : public testing::Test {
 protected:
  PagesTest() { std::filesystem::create_directories(folder_); }
  ~PagesTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(std::string_view name) const { return (folder_ / name).string(); }

  // One row each.
  std::string WriteModel(const std::vector<std::pair<std::string, std::vector<float>>>& tensors) {
    std::vector<safetensors::TensorView> views;
    for (const auto& [name, values] : tensors) {
      views.push_back({name,
                       safetensors::TensorType::kF32,
                       {static_cast<int64_t>(values.size())},
                       std::as_bytes(std::span(values))});
    }
    const absl::Status written = safetensors::Write(Path("model"), views, {}).status();
    EXPECT_TRUE(written.ok()) << written;
    return Path("model");
  }

  // The page that these arguments make; `data_` is what it draws.
  std::string Page(std::vector<std::string> arguments) {
    std::vector<const char*> argv = {"fp4-quantize"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    std::ostringstream out, err;
    EXPECT_EQ(RunTool(static_cast<int>(argv.size()), argv.data(), out, err), 0) << err.str();
    out_ = out.str();
    const std::string page = *ReadFile(Path("page"));
    constexpr std::string_view kBegin = "<script type=\"application/json\" id=\"data\">";
    const size_t begin = page.find(kBegin) + kBegin.size();
    data_ = json::parse(page.substr(begin, page.find("</script>", begin) - begin));
    return page;
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("pages-" + std::to_string(getpid()));
  std::string out_;
  json data_;
};

TEST_F(PagesTest, AReportHoldsTheFiguresOfItsTensor) {
  const std::string model = WriteModel({{"w", {1, -1, 0.5f, 0, 0.001f}}});
  const std::string page =
      Page({model, "--format", "fp4", "--block", "32", "--report", Path("page"), "-o", "json"});
  EXPECT_EQ(json::parse(out_).at("zeros_created"), 1);
  EXPECT_THAT(page, HasSubstr("<h1>w as fp4</h1>"));
  EXPECT_THAT(page, HasSubstr("<dt>SQNR</dt><dd>63.52 dB</dd>"));  // -10 log10(1e-6 / 2.250001)
  EXPECT_THAT(page, HasSubstr("<dt>mean |error|</dt><dd>0.0002</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>zeros created</dt><dd>1</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>bytes</dt><dd>7</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>tensor scale</dt><dd>–</dd>"));
  EXPECT_THAT(page, HasSubstr("<li><span>block</span> 32</li>"));
}

TEST_F(PagesTest, AReportDrawsWhatWasMeasured) {
  const std::string model = WriteModel({{"w", {1, -1, 0.5f, 0, 0.001f}}});
  Page({model, "--format", "fp4", "--report", Path("page")});
  const json& tensor = data_.at("tensors").at(0);
  EXPECT_EQ(tensor.at("sample").at(4), json({4, 0.001, 0}));
  EXPECT_EQ(tensor.at("errors").at(4), json({4, 0.001, 0.001}));
  EXPECT_EQ(tensor.at("original").at(0), 20);  // -1 is one of five
  EXPECT_EQ(tensor.at("decoded").at(40), 40);  // both zeros, in the middle
  EXPECT_EQ(tensor.at("outside"), json({0, 0}));
  EXPECT_GT(tensor.at("correlation"), 0.999);
}

TEST_F(PagesTest, SeveralTensorsAreATable) {
  const std::string model = WriteModel({{"b", {1, 2}}, {"a", std::vector<float>(32, 0.5f)}});
  const std::string page = Page({model, "--format", "int8", "--report", Path("page")});
  EXPECT_EQ(Count(page, "<tr data-tensor="), 2u);
  EXPECT_THAT(page, HasSubstr("<dt>values</dt><dd>34</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>bytes</dt><dd>42</dd>"));  // 34 codes and two fp32 scales
  EXPECT_THAT(page,
              HasSubstr("<td data-value=\"a\">a</td><td data-value=\"32\">1\u00A0×\u00A032</td>"));
  EXPECT_EQ(data_.at("tensors").size(), 2u);
}

TEST_F(PagesTest, ANameCannotEndTheScript) {
  const std::string name = "</script><b>&\"'{{data}}\n";
  const std::string model = WriteModel({{name, {1, 2}}, {"other", {1}}});
  const std::string page = Page({model, "--format", "fp4", "--report", Path("page")});
  EXPECT_EQ(Count(page, "</script>"), 3u);  // the data, Chart.js, the drawing
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;b&gt;&amp;&quot;&#39;{{data}}"));
  EXPECT_EQ(data_.at("tensors").at(0).at("name"), "</script><b>&\"'{{data}}\n");
}

TEST_F(PagesTest, WhatCannotBeMeasuredIsLeftOpen) {
  const std::string model = WriteModel({{"constant", std::vector<float>(8, 0.5f)},
                                        {"lost", {kNaN, std::numeric_limits<float>::infinity()}},
                                        {"one", {3}},
                                        {"zero", std::vector<float>(8, 0.0f)}});
  const std::string page = Page({model, "--format", "nvfp4", "--report", Path("page")});
  EXPECT_THAT(page, Not(HasSubstr("nan<")));
  EXPECT_THAT(page, Not(HasSubstr("inf<")));
  EXPECT_THAT(page, HasSubstr("<td data-value=\"1e999\">∞</td>"));
  const json& tensors = data_.at("tensors");
  for (const json& tensor : tensors) {
    EXPECT_TRUE(tensor.at("correlation").is_null());
    EXPECT_LT(tensor.at("bins").at(0), tensor.at("bins").at(1));
  }
  EXPECT_EQ(tensors.at(1).at("non_finite"), 2);
  EXPECT_EQ(tensors.at(1).at("sample").at(0), json({0, nullptr, nullptr}));
  EXPECT_EQ(tensors.at(1).at("errors").at(0), json({0, nullptr, nullptr}));
}

TEST_F(PagesTest, AReportOfManyTensorsDrawsLessOfEach) {
  EXPECT_EQ(LimitsFor(1).max_sample, 2000);
  EXPECT_EQ(LimitsFor(200).max_sample, 500);
  EXPECT_EQ(LimitsFor(100'000).max_sample, 64);
  EXPECT_EQ(LimitsFor(100'000).max_stretches, 32);
}

TEST_F(PagesTest, ChartsSetFormatsSideBySide) {
  const std::string page =
      Page({"--charts", Path("page"), "--format", "fp4", "--format", "nvfp4:four-over-six=mse",
            "--format", "nvfp4", "--seed", "5", "-o", "json"});
  const json printed = json::parse(out_);
  ASSERT_EQ(printed.size(), 3u);
  EXPECT_EQ(printed.at(1).at("format"), "nvfp4:four-over-six=mse");
  EXPECT_GT(printed.at(1).at("sqnr_db"), printed.at(2).at("sqnr_db"));
  EXPECT_EQ(Count(page, "<section class=\"card"), 9u);
  EXPECT_EQ(Count(page, "<tr><td>nvfp4"), 2u);
  EXPECT_THAT(page, HasSubstr(page::ShortNumber(printed.at(0).at("mean_abs_error"))));
  EXPECT_THAT(page, HasSubstr("<li><span>seed</span> 5</li>"));
  EXPECT_THAT(page, HasSubstr(" 0.0859375"));  // a boundary of fp4
  ASSERT_EQ(data_.at("formats").size(), 3u);
  EXPECT_EQ(data_.at("formats").at(0).at("bits_per_value"), 4.5);
}

TEST_F(PagesTest, OptionsOfTheCommandLineHoldForAllFormatsThatNameNoneOfTheirOwn) {
  Page({"--charts", Path("page"), "--format", "fp4", "--format", "nf4:block=128", "--block",
        "4096"});
  EXPECT_NEAR(data_.at("formats").at(0).at("bits_per_value"), 4 + 32.0 / 4096, 1e-5);
  EXPECT_EQ(data_.at("formats").at(1).at("bits_per_value"), 4.25);
}

TEST_F(PagesTest, EqualInputsGiveEqualPages) {
  const std::vector<std::string> arguments = {"--charts", Path("page"), "--format",
                                              "mxfp4",    "--rounding", "stochastic"};
  EXPECT_EQ(Page(arguments), Page(arguments));
}

}  // namespace
}  // namespace fp4::numerics::tool
