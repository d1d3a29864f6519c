#include "wire/names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace fp4::wire {
namespace {

constexpr absl::string_view kPrefix = "RUN_STATE_";

struct Axis {
  v1::ComparisonAxis axis;
  const char* name;
};
constexpr Axis kAxes[] = {{v1::COMPARISON_AXIS_UNSPECIFIED, "end"},
                          {v1::COMPARISON_AXIS_STEPS, "steps"},
                          {v1::COMPARISON_AXIS_TOKENS, "tokens"},
                          {v1::COMPARISON_AXIS_TIME, "time"},
                          {v1::COMPARISON_AXIS_BYTES, "bytes"}};

}  // namespace

std::string StateName(v1::RunState state) {
  absl::string_view name = v1::RunState_Name(state);
  if (name.substr(0, kPrefix.size()) == kPrefix) name.remove_prefix(kPrefix.size());
  return absl::AsciiStrToLower(name);
}

std::optional<v1::RunState> StateOfName(const std::string& name) {
  v1::RunState state = v1::RUN_STATE_UNSPECIFIED;
  if (!v1::RunState_Parse(absl::StrCat(kPrefix, absl::AsciiStrToUpper(name)), &state)) return {};
  return state;
}

std::string AxisName(v1::ComparisonAxis axis) {
  for (const Axis& row : kAxes) {
    if (row.axis == axis) return row.name;
  }
  return "";
}

std::optional<v1::ComparisonAxis> AxisOfName(const std::string& name) {
  for (const Axis& row : kAxes) {
    if (row.name == name) return row.axis;
  }
  return std::nullopt;
}

std::vector<std::string> AxisNames() {
  std::vector<std::string> names;
  for (const Axis& row : kAxes) {
    if (row.axis != v1::COMPARISON_AXIS_UNSPECIFIED) names.emplace_back(row.name);
  }
  return names;
}

}  // namespace fp4::wire
