#include "numerics/quantizer_options.h"

#include <algorithm>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace fp4::numerics {
namespace {

// --- How values get into QuantizeOptions and out again.

template <auto kMember>
std::string SwitchValue(const QuantizeOptions& options) {
  return options.*kMember ? "true" : "";
}
template <auto kMember>
void SetSwitch(const OptionValue& value, QuantizeOptions& options) {
  options.*kMember = std::get<bool>(value);
}

template <auto kMember>
std::string NumberValue(const QuantizeOptions& options) {
  return options.*kMember == QuantizeOptions{}.*kMember ? "" : absl::StrCat(options.*kMember);
}
template <auto kMember>
double Number(const QuantizeOptions& options) {
  return options.*kMember;
}
template <auto kMember>
void SetNumber(const OptionValue& value, QuantizeOptions& options) {
  using Member = std::remove_reference_t<decltype(options.*kMember)>;
  options.*kMember = static_cast<Member>(std::get<double>(value));
}

// The names of an enumeration's values, in their order; the first is the default.
constexpr std::string_view kRoundings[] = {"nearest", "stochastic"};
constexpr std::string_view kScaleModes[] = {"floor", "rceil", "even", "ceil"};
constexpr std::string_view kFourOverSix[] = {"off", "mse", "mae"};
constexpr std::string_view kSigns[] = {"random", "fixed"};

constexpr int kRotations[] = {16, 32, 64, 128};

template <class Enum>
std::string EnumName(std::span<const std::string_view> names, Enum value) {
  return std::string(names[static_cast<size_t>(value)]);
}
template <class Enum>
std::string EnumValue(std::span<const std::string_view> names, Enum value) {
  return value == Enum{} ? "" : EnumName(names, value);
}
template <class Enum>
Enum FromName(std::span<const std::string_view> names, const OptionValue& value) {
  const auto found = std::ranges::find(names, std::get<std::string>(value));
  return static_cast<Enum>(found - names.begin());
}

// --- Why a format, or a combination, does not take them.

bool ScalesByAmax(const FormatInfo& info) {
  return info.scale_rule != ScaleRule::kNone && info.scale_rule != ScaleRule::kMean;
}

// Why no scale is made from a block's amax, which a factor could act on; empty: one is.
std::string NoAmax(const OptionUse& use) {
  if (!ScalesByAmax(use.info)) return "the format has no scale made from a block's maximum";
  if (use.block.kind == BlockShape::Kind::kElement)
    return "block none has no scale that it could act on";
  return "";
}

std::string RoundingFault(const OptionUse& use) {
  if (use.info.stochastic_rounding) return "";
  return use.info.scale_rule == ScaleRule::kMean
             ? "the format clips most values, so no rounding of it is unbiased"
             : "the format keeps every value as it is";
}

std::string ScaleModeFault(const OptionUse& use) {
  return use.info.scale_modes ? "" : "only formats with E8M0 scales have scale modes";
}

std::string FourOverSixFault(const OptionUse& use) {
  if (!use.info.four_over_six) return "only nvfp4 chooses between two scales";
  if (use.options.rounding == Rounding::kStochastic)
    return "choosing the better of two random roundings is biased; use nearest";
  return "";
}

std::string DoubleQuantizationFault(const OptionUse& use) {
  return use.info.double_quantization ? ""
                                      : "only fp4 and nf4 store scales that can be quantized again";
}

std::string HeadroomFault(const OptionUse& use) {
  return use.options.headroom == 1.0f ? "" : NoAmax(use);
}

std::string PrescaleFault(const OptionUse& use) {
  if (use.options.four_over_six != FourOverSix::kOff || use.options.ms_eden)
    return "four_over_six and ms_eden choose scales for elements of full size";
  return NoAmax(use);
}

std::string HadamardFault(const OptionUse& use) {
  if (use.shape.columns % use.options.hadamard == 0) return "";
  return absl::StrCat("does not divide the ", use.shape.columns, " columns that are rotated");
}

std::string SignsFault(const OptionUse& use) {
  if (use.options.hadamard == 16) return "";
  if (use.options.hadamard == 0) return "needs hadamard 16: nothing is rotated";
  return absl::StrCat("there are sixteen fixed signs, for hadamard 16; it is ",
                      use.options.hadamard);
}

std::string MsEdenFault(const OptionUse& use) {
  if (use.info.scale_rule != ScaleRule::kTwoLevel)
    return "only nvfp4 has block scales that can take the correction";
  if (use.block.rows != 1) return "corrects rotated rows; blocks must be 1x16";
  if (use.options.hadamard != 128) return "needs hadamard 128: its groups are the rotated ones";
  if (use.options.rounding == Rounding::kStochastic)
    return "rounds elements to nearest; its randomness is in the scales";
  if (use.options.four_over_six != FourOverSix::kOff)
    return "excludes four_over_six: a chosen scale biases the correction";
  if (use.options.headroom != 0.0f) return "brings its own headroom";
  return "";
}

// --- The table.

using Options = QuantizeOptions;

constexpr QuantizerOption kTable[] = {
    {.name = "block",
     .kind = OptionKind::kBlock,
     .meaning = "Which values share a scale: 64 consecutive ones, \"1x16\" along a row, "
                "\"16x16\", \"row\", \"tensor\". The format's own choice where it is left out.",
     .help = "What shares a scale: 64, 1x16, 16x16, row, tensor, none. Default: the format's",
     .label = "block",
     .value = [](const Options& options) { return options.block; },
     .set = [](const OptionValue& value,
               Options& options) { options.block = std::get<std::string>(value); }},
    {.name = "rounding",
     .kind = OptionKind::kChoice,
     .choices = kRoundings,
     .meaning = "To the nearest value, or up or down at random without bias.",
     .help = "nearest or stochastic",
     .label = "rounding",
     .usual = kRoundings[0],
     .ability = &FormatInfo::stochastic_rounding,
     .ability_key = "stochastic_rounding",
     .ability_label = "stochastic",
     .value = [](const Options& options) { return EnumValue(kRoundings, options.rounding); },
     .set = [](const OptionValue& value,
               Options& options) { options.rounding = FromName<Rounding>(kRoundings, value); },
     .fault = RoundingFault},
    {.name = "scale_mode",
     .kind = OptionKind::kChoice,
     .choices = kScaleModes,
     .meaning = "How a power-of-two scale is rounded.",
     .help = "How E8M0 scales are chosen. Default: floor",
     .label = "scale mode",
     .mark = "scale ",
     .ability = &FormatInfo::scale_modes,
     .ability_key = "scale_modes",
     .ability_label = "scale-mode",
     .value =
         [](const Options& options) {
           return options.scale_mode_set ? EnumName(kScaleModes, options.scale_mode) : "";
         },
     .set =
         [](const OptionValue& value, Options& options) {
           options.scale_mode = FromName<ScaleMode>(kScaleModes, value);
           options.scale_mode_set = true;
         },
     .fault = ScaleModeFault},
    {.name = "four_over_six",
     .kind = OptionKind::kChoice,
     .choices = kFourOverSix,
     .meaning = "Of nvfp4: the better of scaling a block to 6 or to 4, by this error.",
     .help = "nvfp4: the better of two scales for each block, by this error",
     .label = "four over six",
     .mark = "4/6 ",
     .ability = &FormatInfo::four_over_six,
     .ability_key = "four_over_six",
     .ability_label = "four-over-six",
     .value = [](const Options& options) { return EnumValue(kFourOverSix, options.four_over_six); },
     .set =
         [](const OptionValue& value, Options& options) {
           options.four_over_six = FromName<FourOverSix>(kFourOverSix, value);
         },
     .fault = FourOverSixFault},
    {.name = "double_quantization",
     .kind = OptionKind::kSwitch,
     .meaning = "Of fp4 and nf4: scales in 8 bits.",
     .help = "fp4 and nf4: keep the block scales in 8 bits",
     .label = "double quantization",
     .mark = "double",
     .ability = &FormatInfo::double_quantization,
     .ability_key = "double_quantization",
     .ability_label = "double-quantization",
     .value = SwitchValue<&Options::double_quantization>,
     .set = SetSwitch<&Options::double_quantization>,
     .fault = DoubleQuantizationFault},
    {.name = "headroom",
     .kind = OptionKind::kNumber,
     .range = {.min = 0.5, .max = 16, .zero = "the default"},
     .meaning = "A factor on a block's largest value before its scale; 0: the format's own.",
     .help = "Factor on a block's maximum before its scale. Default: the format's",
     .label = "headroom",
     .mark = "headroom ",
     .value = NumberValue<&Options::headroom>,
     .number = Number<&Options::headroom>,
     .set = SetNumber<&Options::headroom>,
     .fault = HeadroomFault},
    {.name = "prescale",
     .kind = OptionKind::kNumber,
     .range = {.min = 0.0625, .max = 16},
     .meaning = "A factor on the values before encoding.",
     .help = "Factor on the values before encoding, divided out again when decoded",
     .label = "prescale",
     .mark = "prescale ",
     .value = NumberValue<&Options::prescale>,
     .number = Number<&Options::prescale>,
     .set = SetNumber<&Options::prescale>,
     .fault = PrescaleFault},
    {.name = "hadamard",
     .kind = OptionKind::kInteger,
     .range = {.min = 16, .max = 128, .only = kRotations, .zero = "none"},
     .meaning =
         "The size of a random Hadamard rotation before encoding: 16, 32, 64 or 128; 0: none.",
     .help = "Rotate groups of 16, 32, 64 or 128 columns first, and back when decoded",
     .label = "hadamard",
     .mark = "hadamard ",
     .value = NumberValue<&Options::hadamard>,
     .number = Number<&Options::hadamard>,
     .set = SetNumber<&Options::hadamard>,
     .fault = HadamardFault},
    {.name = "hadamard_signs",
     .kind = OptionKind::kChoice,
     .choices = kSigns,
     .meaning = "The signs of the rotation: drawn at random, or the sixteen fixed ones of "
                "Transformer Engine, for hadamard 16.",
     .help = "Signs of the rotation: drawn from --seed, or fixed (of --hadamard 16 only)",
     .label = "hadamard signs",
     .mark = "signs ",
     .value = [](const Options& options) { return EnumValue(kSigns, options.signs.pattern); },
     .set =
         [](const OptionValue& value, Options& options) {
           options.signs.pattern = FromName<RotationSigns::Pattern>(kSigns, value);
         },
     .fault = SignsFault},
    {.name = "ms_eden",
     .kind = OptionKind::kSwitch,
     .meaning = "The MS-EDEN correction of block scales.",
     .help = "nvfp4 with --hadamard 128: correct the block scales by MS-EDEN",
     .label = "MS-EDEN",
     .mark = "ms-eden",
     .value = SwitchValue<&Options::ms_eden>,
     .set = SetSwitch<&Options::ms_eden>,
     .fault = MsEdenFault},
};

// "16, 32, 64 or 128".
std::string Enumeration(std::span<const int> values) {
  return absl::StrCat(absl::StrJoin(values.first(values.size() - 1), ", "), " or ", values.back());
}

}  // namespace

bool OptionRange::Contains(double value) const {
  if (value == 0 && !zero.empty()) return true;
  if (!only.empty()) return std::ranges::find(only, value) != only.end();
  return value >= min && value <= max;
}

std::string OptionRange::Text() const {
  std::string text = only.empty() ? absl::StrCat("must lie in [", min, ", ", max, "]")
                                  : absl::StrCat("must be ", Enumeration(only));
  if (!zero.empty())
    absl::StrAppend(&text, ", or ", only.empty() ? "be " : "", "0 for ", std::string(zero));
  return text;
}

std::string QuantizerOption::flag() const {
  std::string text = "--" + std::string(name);
  std::ranges::replace(text, '_', '-');
  return text;
}

std::span<const QuantizerOption> QuantizerOptions() { return kTable; }

const QuantizerOption* FindQuantizerOption(std::string_view name) {
  const QuantizerOption* found = std::ranges::find(kTable, name, &QuantizerOption::name);
  return found == std::end(kTable) ? nullptr : found;
}

absl::Status RefuseOption(const FormatInfo& info, std::string_view option, std::string_view value,
                          std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(info.name), ": ", std::string(option),
                                                 " ", std::string(value), ": ", std::string(why)));
}

absl::Status CheckQuantizerOptions(const OptionUse& use) {
  for (const QuantizerOption& option : kTable) {
    const std::string value = option.value(use.options);
    if (value.empty()) continue;
    if (option.number != nullptr && !option.range.Contains(option.number(use.options)))
      return RefuseOption(use.info, option.name, value, option.range.Text());
    if (option.fault == nullptr) continue;
    const std::string why = option.fault(use);
    if (!why.empty()) return RefuseOption(use.info, option.name, value, why);
  }
  return absl::OkStatus();
}

}  // namespace fp4::numerics
