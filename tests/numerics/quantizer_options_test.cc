// The table of quantizer options: every row is whole, every option that a user can give is a row,
// and every row is exercised by the conformance tests.
#include "numerics/quantizer_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "tests/numerics/cases.h"

namespace fp4::numerics {
namespace {

using testing::EndsWith;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// A value of this option that is not its default.
OptionValue Sample(const QuantizerOption& option) {
  switch (option.kind) {
    case OptionKind::kBlock:
      return std::string("row");
    case OptionKind::kChoice:
      return std::string(option.choices.back());
    case OptionKind::kSwitch:
      return true;
    case OptionKind::kInteger:
    case OptionKind::kNumber:
      break;
  }
  return option.range.max;
}

std::string Written(const OptionValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return absl::StrCat(*number);
  if (std::holds_alternative<bool>(value)) return "true";
  return std::get<std::string>(value);
}

class QuantizerOptionTest : public testing::TestWithParam<QuantizerOption> {};

TEST_P(QuantizerOptionTest, RowSaysEverythingThatUsersAreShown) {
  const QuantizerOption& option = GetParam();
  EXPECT_EQ(FindQuantizerOption(option.name)->flag(), option.flag());
  EXPECT_THAT(std::string(option.meaning), EndsWith("."));
  EXPECT_THAT(std::string(option.help), Not(EndsWith(".")));
  EXPECT_THAT(std::string(option.help), Not(IsEmpty()));
  EXPECT_THAT(std::string(option.label), Not(IsEmpty()));
  EXPECT_EQ(option.kind == OptionKind::kChoice, !option.choices.empty());
  const bool number = option.kind == OptionKind::kInteger || option.kind == OptionKind::kNumber;
  EXPECT_EQ(option.number != nullptr, number);
  EXPECT_EQ(option.range.max > option.range.min, number);
  EXPECT_EQ(option.ability == nullptr, option.ability_key.empty());
  EXPECT_EQ(option.ability == nullptr, option.ability_label.empty());
  EXPECT_TRUE(option.kind != OptionKind::kSwitch || !option.mark.empty());
}

TEST_P(QuantizerOptionTest, ValueThatIsSetComesBackAndTheDefaultIsEmpty) {
  const QuantizerOption& option = GetParam();
  QuantizeOptions options;
  EXPECT_EQ(option.value(options), "");
  option.set(Sample(option), options);
  EXPECT_EQ(option.value(options), Written(Sample(option)));
  EXPECT_NE(options, QuantizeOptions{});
}

TEST_P(QuantizerOptionTest, EveryChoiceIsAValueOfItsOwn) {
  const QuantizerOption& option = GetParam();
  std::set<std::string> values;
  for (std::string_view choice : option.choices) {
    QuantizeOptions options;
    option.set(std::string(choice), options);
    values.insert(option.value(options));
    const std::string value = option.value(options);
    EXPECT_TRUE(value.empty() || value == choice) << value;
  }
  EXPECT_EQ(values.size(), option.choices.size());
}

TEST_P(QuantizerOptionTest, ConformanceTestsUseIt) {
  const QuantizerOption& option = GetParam();
  int used = 0;
  for (const Format* format : AllFormats()) {
    for (const OptionsCase& c : OptionsCases(*format)) used += !option.value(c.options).empty();
  }
  EXPECT_GT(used, 0) << "add a case to OptionsCases in tests/numerics/cases.cc";
}

TEST_P(QuantizerOptionTest, FormatsWithoutItRefuseItByName) {
  const QuantizerOption& option = GetParam();
  if (option.ability == nullptr) return;
  QuantizeOptions options;
  option.set(Sample(option), options);
  for (const Format* format : AllFormats()) {
    const absl::Status status = format->Check(options, {128, 128});
    EXPECT_EQ(status.ok(), format->info().*option.ability) << format->info().name;
    if (status.ok()) continue;
    EXPECT_THAT(
        std::string(status.message()),
        StartsWith(absl::StrCat(std::string(format->info().name), ": ", std::string(option.name),
                                " ", option.value(options), ": ")));
  }
}

TEST_P(QuantizerOptionTest, NumbersOutsideItsRangeAreRefusedWithTheRange) {
  const QuantizerOption& option = GetParam();
  if (option.number == nullptr) return;
  for (const double value : {option.range.min / 2, option.range.max * 2, -1.0}) {
    QuantizeOptions options;
    option.set(value, options);
    const absl::Status status = FindFormat("fp4")->Check(options, {128, 128});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << value;
    EXPECT_THAT(std::string(status.message()), EndsWith(option.range.Text()));
  }
}

INSTANTIATE_TEST_SUITE_P(Table, QuantizerOptionTest,
                         testing::ValuesIn(QuantizerOptions().begin(), QuantizerOptions().end()),
                         [](const auto& info) { return std::string(info.param.name); });

// A field that is added to QuantizeOptions does not compile here until it has a name, and then
// fails until it is a row of the table or one of those that programs set.
TEST(QuantizerOptionsTest, EveryFieldIsARowOrSetByPrograms) {
  QuantizeOptions all;
  for (const QuantizerOption& option : QuantizerOptions()) option.set(Sample(option), all);
  const QuantizeOptions none;
  const auto& [block, rounding, scale_mode, scale_mode_set, four_over_six, double_quantization,
               headroom, prescale, hadamard, signs, ms_eden, tensor_amax, seed, stream, step] = all;
  EXPECT_NE(block, none.block);
  EXPECT_NE(rounding, none.rounding);
  EXPECT_NE(scale_mode, none.scale_mode);
  EXPECT_NE(scale_mode_set, none.scale_mode_set);
  EXPECT_NE(four_over_six, none.four_over_six);
  EXPECT_NE(double_quantization, none.double_quantization);
  EXPECT_NE(headroom, none.headroom);
  EXPECT_NE(prescale, none.prescale);
  EXPECT_NE(hadamard, none.hadamard);
  EXPECT_NE(signs.pattern, none.signs.pattern);
  EXPECT_NE(ms_eden, none.ms_eden);
  // Set by programs.
  EXPECT_EQ(signs.seed, none.signs.seed);
  EXPECT_EQ(signs.step, none.signs.step);
  EXPECT_EQ(tensor_amax, none.tensor_amax);
  EXPECT_EQ(seed, none.seed);
  EXPECT_EQ(stream, none.stream);
  EXPECT_EQ(step, none.step);
}

TEST(QuantizerOptionsTest, NamesAndLabelsAreTakenOnce) {
  std::set<std::string_view> names, labels;
  for (const QuantizerOption& option : QuantizerOptions()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_TRUE(labels.insert(option.label).second) << option.label;
  }
  EXPECT_EQ(FindQuantizerOption("four-over-six"), nullptr);
}

TEST(QuantizerOptionsTest, RangesAreSaidAsTheyAreEnforced) {
  EXPECT_EQ(FindQuantizerOption("headroom")->range.Text(),
            "must lie in [0.5, 16], or be 0 for the default");
  EXPECT_EQ(FindQuantizerOption("hadamard")->range.Text(),
            "must be 16, 32, 64 or 128, or 0 for none");
  EXPECT_EQ(FindQuantizerOption("prescale")->range.Text(), "must lie in [0.0625, 16]");
}

}  // namespace
}  // namespace fp4::numerics
