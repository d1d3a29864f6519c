// The options of quantizers as users meet them: one table with a row for each. The fields of the
// experiment document and of recipes (spec/), the flags of fp4-quantize, what Format::Check refuses
// and in which words, the lists of formats, the reference page and the reports are all read off
// these rows. docs/how-to-add-a-quantizer-option.md says how a row is added.
//
// Everything here is constant and thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "numerics/format.h"

namespace fp4::numerics {

// What kind of value an option has, which is also what documents and flags may hold.
enum class OptionKind : uint8_t {
  kBlock,    // a text in the syntax of QuantizeOptions::block; in documents also a bare number
  kChoice,   // one of `choices`
  kSwitch,   // true or false; a flag without a value
  kInteger,  // a whole number of `range`
  kNumber,   // a number of `range`
};

// The numbers that an option takes. This one range is what documents state, what a check enforces
// and what the error says.
struct OptionRange {
  double min = 0, max = 0;         // both are allowed
  std::span<const int> only = {};  // not empty: these alone, in ascending order from `min` to `max`
  // Not empty: 0 is allowed as well and means this ("the default").
  std::string_view zero = {};

  bool Contains(double value) const;
  // "must lie in [0.5, 16], or be 0 for the default".
  std::string Text() const;
};

// A value as a document or a command line gives it: of kSwitch a bool, of numbers a double, of the
// others a text.
using OptionValue = std::variant<bool, double, std::string>;

// One use of an option, for judging it.
struct OptionUse {
  const FormatInfo& info;
  const QuantizeOptions& options;
  const BlockShape& block;  // what `options.block` comes to
  MatrixShape shape;
};

struct QuantizerOption {
  std::string_view name;  // "four_over_six": in documents and messages
  OptionKind kind = OptionKind::kSwitch;
  std::span<const std::string_view> choices = {};
  OptionRange range = {};

  std::string_view meaning;  // a sentence or two, for the reference page and the schema
  std::string_view help;     // of the flag, without a full stop
  std::string_view label;    // in reports: "four over six"
  // What stands before the value, or for kSwitch in its place, in the short notation of tables of
  // layers ("4/6 ", "double"). The block's is empty: it follows the format's name.
  std::string_view mark = {};
  // Not empty: what the option is when nobody sets it, said in the flag's help and in reports.
  std::string_view usual = {};

  // Of an option that only some formats take: their mark in FormatInfo, and its name in lists of
  // formats, as JSON and for people.
  bool FormatInfo::*ability = nullptr;
  std::string_view ability_key = {}, ability_label = {};

  // The value as a user would write it; empty where it is the default.
  std::string (*value)(const QuantizeOptions& options);
  // Of kInteger and kNumber: the value to its last bit.
  double (*number)(const QuantizeOptions& options) = nullptr;
  // Takes what fits `kind`, `choices` and `range`.
  void (*set)(const OptionValue& value, QuantizeOptions& options);
  // Why this use of a value other than the default makes no sense; empty: it does. The range needs
  // no look. Null: nothing but the range can be wrong.
  std::string (*fault)(const OptionUse& use) = nullptr;

  std::string flag() const;  // "--four-over-six"
};

// Every row, in the order in which users are shown them.
std::span<const QuantizerOption> QuantizerOptions();

// The row of that name; null when there is none.
const QuantizerOption* FindQuantizerOption(std::string_view name);

// OK, or INVALID_ARGUMENT for the first option of the table that makes no sense for the format:
// "nvfp4: hadamard 24: must be 16, 32, 64 or 128, or 0 for none".
absl::Status CheckQuantizerOptions(const OptionUse& use);

// An error of Format::Check: the format, the option, its value, and why.
absl::Status RefuseOption(const FormatInfo& info, std::string_view option, std::string_view value,
                          std::string_view why);

}  // namespace fp4::numerics
