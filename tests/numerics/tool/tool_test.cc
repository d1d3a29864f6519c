// fp4-quantize as its users see it: output, files and exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/file.h"
#include "numerics/quantizer_options.h"
#include "numerics/tool/options.h"
#include "numerics/tool/run.h"
#include "safetensors/safetensors.h"

namespace fp4::numerics::tool {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class ToolTest : public testing::Test {
 protected:
  ToolTest() { std::filesystem::create_directories(folder_); }
  ~ToolTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(std::string_view name) const { return (folder_ / name).string(); }

  std::string WriteFloats(std::string_view name, const std::vector<float>& values) const {
    std::string bytes(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    EXPECT_TRUE(WriteFileDurably(Path(name), bytes).ok());
    return Path(name);
  }

  // F32 "a" of 1x4, BF16 "b" and F16 "c" of {1, -2}, I64 "step".
  std::string WriteModel() const {
    const float a[] = {1, -1, 0.5f, 0};
    const uint16_t b[] = {0x3F80, 0xC000}, c[] = {0x3C00, 0xC000};
    const int64_t step = 3;
    auto written = safetensors::Write(
        Path("model"),
        {{"a", safetensors::TensorType::kF32, {1, 4}, std::as_bytes(std::span(a))},
         {"b", safetensors::TensorType::kBF16, {2}, std::as_bytes(std::span(b))},
         {"c", safetensors::TensorType::kF16, {2}, std::as_bytes(std::span(c))},
         {"step", safetensors::TensorType::kI64, {}, std::as_bytes(std::span(&step, 1))}},
        {});
    EXPECT_TRUE(written.ok()) << written.status();
    return Path("model");
  }

  int Run(std::vector<std::string> arguments) {
    std::vector<const char*> argv = {"fp4-quantize"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    std::ostringstream out, err;
    const int code = RunTool(static_cast<int>(argv.size()), argv.data(), out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("tool-" + std::to_string(getpid()));
  std::string out_, err_;
};

TEST_F(ToolTest, AnOutputDestroysNeitherItsInputNorADevice) {
  const std::string input = WriteFloats("x", {1, -1, 0.5f, 0});
  std::filesystem::create_symlink(input, Path("link"));
  const std::vector<std::string> begin = {input, "--format", "fp4", "--rows", "1", "--cols", "4"};
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--codes", input}, "is the input or another output"},
      {{"--decoded", Path("link")}, "is the input or another output"},
      {{"--report", Path("./x")}, "is the input or another output"},
      {{"--codes", Path("o"), "--scales", Path("o")}, "is the input or another output"},
      {{"--codes", "/dev/null"}, "is not a regular file"},
      {{"--codes", folder_.string()}, "is not a regular file"},
  };
  for (const auto& [flags, message] : cases) {
    std::vector<std::string> arguments = begin;
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    EXPECT_EQ(Run(arguments), kExitUsage) << err_;
    EXPECT_THAT(err_, HasSubstr(message));
    EXPECT_EQ(ReadFile(input)->size(), 4 * sizeof(float));
  }
}

TEST_F(ToolTest, RawInputWithoutAnEndIsReadUpToItsSizeOnly) {
  EXPECT_EQ(Run({"/dev/zero", "--format", "fp4", "--rows", "2", "--cols", "8"}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("need 64"));
}

TEST_F(ToolTest, WritesTheBytesOfFp4) {
  const std::string input = WriteFloats("x", {1, -1, 0.5f, 0, 0.001f});
  ASSERT_EQ(Run({input, "--format", "fp4", "--rows", "1", "--cols", "5", "--codes", Path("codes"),
                 "--scales", Path("scales"), "--decoded", Path("decoded"), "-o", "json"}),
            0)
      << err_;
  EXPECT_EQ(*ReadFile(Path("codes")), std::string("\x3B\x50\x00", 3));
  EXPECT_EQ(*ReadFile(Path("scales")), std::string("\0\0\x80\x3F", 4));
  const float decoded[] = {1, -1, 0.5f, 0, 0};
  EXPECT_EQ(*ReadFile(Path("decoded")),
            std::string(reinterpret_cast<const char*>(decoded), sizeof decoded));
  const json result = json::parse(out_);
  EXPECT_NEAR(result.at("mean_abs_error"), 0.0002, 1e-8);
  EXPECT_NEAR(result.at("mean_relative_error"), 0.25, 1e-8);  // of four that are not 0
  EXPECT_EQ(result.at("max_abs_error"), double{0.001f});
  EXPECT_NEAR(result.at("relative_mse"), 1e-6 / 2.250001, 1e-12);
  EXPECT_EQ(result.at("zeros_created"), 1);
  EXPECT_EQ(result.at("clipped"), 0);
  EXPECT_EQ(result.at("bytes"), 7);
  EXPECT_NEAR(result.at("bits_per_value"), 56.0 / 5, 1e-12);
  EXPECT_TRUE(result.at("tensor_scale").is_null());
  EXPECT_FALSE(result.contains("name"));
}

TEST_F(ToolTest, WithoutErrorTheRatioIsNull) {
  const std::string input = WriteFloats("x", std::vector<float>(16, 0.0f));
  ASSERT_EQ(Run({input, "--format", "nvfp4", "--rows", "1", "--cols", "16", "-o", "json"}), 0)
      << err_;
  const json result = json::parse(out_);
  EXPECT_EQ(result.at("max_abs_error"), 0.0);
  EXPECT_TRUE(result.at("sqnr_db").is_null());
  EXPECT_EQ(result.at("tensor_scale"), 0.0);
}

TEST_F(ToolTest, MeasuresNothingOverNoFiniteValue) {
  const std::string input = WriteFloats("x", {std::numeric_limits<float>::quiet_NaN()});
  ASSERT_EQ(Run({input, "--format", "fp4", "--rows", "1", "--cols", "1", "-o", "json"}), 0) << err_;
  const json result = json::parse(out_);
  EXPECT_TRUE(result.at("mean_abs_error").is_null());
  EXPECT_EQ(result.at("non_finite"), 1);
}

TEST_F(ToolTest, SeveralTensorsAreAnArrayAndOthersAreLeftOutAloud) {
  ASSERT_EQ(Run({WriteModel(), "--format", "fp32", "-o", "json"}), 0) << err_;
  const json results = json::parse(out_);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].at("name"), "a");
  EXPECT_EQ(results[2].at("name"), "c");
  EXPECT_THAT(err_, HasSubstr("'step' is I64"));
}

TEST_F(ToolTest, ConvertsHalfPrecision) {
  const std::string model = WriteModel();
  const float values[] = {1, -2};
  for (const char* name : {"b", "c"}) {
    ASSERT_EQ(Run({model, "--format", "fp32", "--tensor", name, "--decoded", Path("decoded"), "-o",
                   "json"}),
              0)
        << err_;
    EXPECT_EQ(json::parse(out_).at("name"), name);
    EXPECT_EQ(*ReadFile(Path("decoded")),
              std::string(reinterpret_cast<const char*>(values), sizeof values));
  }
}

TEST_F(ToolTest, ScalesAreWrittenOrEmptyForEveryFormat) {
  const std::string input = WriteFloats("x", {1, -1, 0.5f, 0});
  const std::pair<std::string, std::string> cases[] = {
      {"bf16", ""}, {"ternary", std::string("\0\0\x20\x3F", 4)}, {"nvfp4", "\x7E"}};
  for (const auto& [format, scales] : cases) {
    ASSERT_EQ(
        Run({input, "--format", format, "--rows", "1", "--cols", "4", "--scales", Path("scales")}),
        0)
        << err_;
    EXPECT_EQ(*ReadFile(Path("scales")), scales) << format;
  }
}

TEST_F(ToolTest, WhatWasMeasuredOverNothingIsNull) {
  const std::string input = WriteFloats("x", {0, 0, 0, -0.0f});
  ASSERT_EQ(Run({input, "--format", "fp4", "--rows", "1", "--cols", "4", "-o", "json"}), 0) << err_;
  const json result = json::parse(out_);
  EXPECT_EQ(result.at("mean_abs_error"), 0.0);
  for (const char* key : {"mean_relative_error", "relative_mse", "sqnr_db", "tensor_scale"})
    EXPECT_TRUE(result.at(key).is_null()) << key;
}

TEST_F(ToolTest, RefusesWhatDoesNotFitTheInput) {
  const std::string model = WriteModel(), raw = WriteFloats("x", {1, 2, 3});
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{raw, "--format", "fp4", "--rows", "2", "--cols", "2"}, "has 12 bytes"},
      {{raw, "--format", "fp4", "--rows", "4611686018427387904", "--cols", "4"}, "more than any"},
      {{raw, "--format", "fp4", "--rows", "3"}, "--cols: is missing"},
      {{raw, "--format", "fp4", "--rows", "0", "--cols", "3"}, "--rows"},
      {{model, "--format", "nvfp5"}, "did you mean 'nvfp4'; allowed: "},
      {{model}, "--format: is missing"},
      {{model, "--format", "fp4", "--tensor", "d"}, "no tensor 'd'"},
      {{model, "--format", "fp4", "--tensor", "step"}, "'step' is I64"},
      {{model, "--format", "fp4", "--codes", Path("codes")}, "choose with --tensor"},
      {{model, "--format", "fp4", "--tensor", "a", "--codes", model}, "is the input"},
      {{model, "--format", "fp4", "--tensor", "a", "--codes", "/dev/null"}, "not a regular file"},
      {{model, "--format", "fp4", "--block", "63"}, "block 63"},
      {{model, "--format", "fp4", "--scale-mode", "even"}, "scale_mode even"},
      {{model, "--format", "mxfp4", "--scale-mode", "odd"}, "--scale-mode: odd"},
      {{model, "--format", "nvfp4", "--hadamard", "16"}, "tensor 'a': nvfp4: hadamard 16"},
      {{model, "--format", "fp4", "--report", model}, "--report: "},
      {{model, "--format", "fp4", "--format", "nf4"}, "only --charts takes several formats"},
      {{model, "--format", "fp4:blok=32"}, "--format: fp4:blok=32: "},
      {{model, "--format", "fp4", "--seed", "-1"}, "--seed: "},
      {{model, "--format", "fp4:"}, "an option is empty"},
      {{model, "--format", "fp4:block=63"}, "block 63"},
      {{"--charts", "c.html"}, "--format: is missing"},
      {{"--charts", "c.html", "--format", "nvfp5"}, "did you mean 'nvfp4'; allowed: "},
      {{"--charts", "c.html", "--format", "fp4", "--format", "fp4"}, "fp4 is named twice"},
      {{"--charts", "c.html", "--format", "fp4", "--format", "int8", "--double-quantization"},
       "int8: double_quantization true: only fp4 and nf4 store scales that can be quantized again; "
       "an option of one format alone: --format NAME:OPTION=VALUE"},
      {{"--charts", "c.html", "--format", "mxfp4:four-over-six=mse"}, "mxfp4: four_over_six mse"},
      {{model, "--charts", "c.html", "--format", "fp4"}, "INPUT: does not go with --charts"},
      {{"--charts", "c.html", "--report", "r.html", "--format", "fp4"}, "--report: does not go"},
      {{}, "INPUT: is missing"},
  };
  for (const auto& [arguments, message] : cases) {
    EXPECT_EQ(Run(arguments), 2) << message;
    EXPECT_THAT(err_, HasSubstr(message));
    EXPECT_EQ(out_, "");
  }
  EXPECT_FALSE(std::filesystem::exists(Path("codes")));
}

TEST_F(ToolTest, EveryOptionOfTheTableIsAFlag) {
  ASSERT_EQ(Run({"--help"}), 0);
  for (const QuantizerOption& option : QuantizerOptions()) {
    EXPECT_THAT(out_, HasSubstr("\n  " + option.flag() + " "));
    EXPECT_THAT(out_, HasSubstr(std::string(option.help).substr(0, 30)));
  }
}

// Each flag's value, and one that is refused, by its kind.
TEST_F(ToolTest, EveryFlagReachesTheQuantizer) {
  const std::string input = WriteFloats("x", std::vector<float>(256, 0.5f));
  for (const QuantizerOption& option : QuantizerOptions()) {
    std::vector<std::string> arguments = {input, "--format", "no-format", "--rows",
                                          "2",   "--cols",   "128",       option.flag()};
    if (option.kind == OptionKind::kChoice) arguments.emplace_back(option.choices.back());
    if (option.kind == OptionKind::kBlock) arguments.emplace_back("3x3");
    if (option.number != nullptr) arguments.emplace_back("-3");
    for (const Format* format : AllFormats()) {
      arguments[2] = format->info().name;
      QuantizeOptions options;
      const std::string& value = arguments.back();
      if (option.number != nullptr)
        option.set(-3.0, options);
      else if (option.kind == OptionKind::kSwitch)
        option.set(true, options);
      else
        option.set(value, options);
      const absl::Status expected = format->Check(options, {2, 128});
      EXPECT_EQ(Run(arguments), expected.ok() ? 0 : 2) << option.flag() << format->info().name;
      EXPECT_EQ(err_,
                expected.ok() ? "" : "fp4-quantize: " + std::string(expected.message()) + "\n");
    }
  }
}

TEST_F(ToolTest, MsEdenFromTheCommandLineHasTheBytesOfTheLibrary) {
  std::vector<float> values(256);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 37) - 18.25f;
  const std::string input = WriteFloats("x", values);
  ASSERT_EQ(Run({input, "--format", "nvfp4", "--rows", "2", "--cols", "128", "--hadamard", "128",
                 "--ms-eden", "--seed", "9", "--codes", Path("codes"), "--scales", Path("scales")}),
            0)
      << err_;
  QuantizeOptions options;
  options.hadamard = 128;
  options.ms_eden = true;
  options.seed = options.signs.seed = 9;
  const Quantized expected = FindFormat("nvfp4")->Encode(values, {2, 128}, options);
  EXPECT_EQ(*ReadFile(Path("codes")), std::string(expected.codes.begin(), expected.codes.end()));
  EXPECT_EQ(*ReadFile(Path("scales")), std::string(expected.scales.begin(), expected.scales.end()));
}

TEST_F(ToolTest, NumbersBeyondTheirTypeAreRefusedAsTyped) {
  const std::string input = WriteFloats("x", {1, 2});
  const std::vector<std::string> good = {input, "--format", "fp4", "--rows", "1", "--cols", "2"};
  const std::pair<std::string, std::string> cases[] = {
      {"--seed", "18446744073709551616"}, {"--seed", "-1"},       {"--seed", "1e3"},
      {"--hadamard", "4294967312"},       {"--headroom", "1e39"}, {"--prescale", "nan"},
  };
  for (const auto& [flag, value] : cases) {
    std::vector<std::string> arguments = good;
    arguments.insert(arguments.end(), {flag, value});
    EXPECT_EQ(Run(arguments), 2) << flag << " " << value;
    EXPECT_THAT(err_, HasSubstr(flag + ": '" + value + "' is not a "));
  }
  EXPECT_EQ(Run({input, "--format", "fp4", "--rows", "9223372036854775808", "--cols", "2"}), 2);
  EXPECT_THAT(err_, HasSubstr("'9223372036854775808' is not a whole number from 1"));
  EXPECT_EQ(Run({input, "--format", "fp4:hadamard=99999999999", "--rows", "1", "--cols", "2"}), 2);
  EXPECT_THAT(err_, HasSubstr("'99999999999' is not a whole number"));
}

TEST_F(ToolTest, FilesThatCannotBeUsedAreFailures) {
  EXPECT_EQ(Run({Path("absent"), "--format", "fp4"}), 1);
  EXPECT_THAT(err_, HasSubstr("absent"));
  ASSERT_TRUE(WriteFileDurably(Path("broken"), std::string("\xFF\0\0\0\0\0\0\0{", 9)).ok());
  EXPECT_EQ(Run({Path("broken"), "--format", "fp4"}), 1);
  EXPECT_THAT(err_, HasSubstr("broken"));
  EXPECT_EQ(Run({WriteModel(), "--format", "fp4", "--tensor", "a", "--codes", Path("no/codes")}),
            1);
  EXPECT_THAT(err_, HasSubstr("no/codes"));
}

TEST_F(ToolTest, TheHadamardRotationIsUndone) {
  std::vector<float> values(32);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) - 15.0f;
  const std::string input = WriteFloats("x", values);
  ASSERT_EQ(Run({input, "--format", "fp32", "--rows", "2", "--cols", "16", "--hadamard", "16", "-o",
                 "json"}),
            0)
      << err_;
  EXPECT_LT(json::parse(out_).at("max_abs_error"), 1e-5);
}

TEST_F(ToolTest, ListsTheFormats) {
  ASSERT_EQ(Run({"--list"}), 0);
  EXPECT_THAT(out_, HasSubstr("nvfp4"));
  ASSERT_EQ(Run({"--list", "-o", "json"}), 0);
  const json formats = json::parse(out_);
  EXPECT_GE(formats.size(), 14u);
  for (const json& format : formats) EXPECT_THAT(format.at("blocks"), Not(testing::IsEmpty()));
}

}  // namespace
}  // namespace fp4::numerics::tool
