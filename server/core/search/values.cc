#include "server/core/search/values.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "numerics/arithmetic/random.h"
#include "spec/events.h"

namespace fp4::core {
namespace {

using spec::AxisType;
using spec::SearchAxis;

// FNV-1a (Fowler, Noll, Vo): the same on every machine and in every release.
uint64_t HashOf(const std::string& text) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

// In [0, 1), with 53 bits.
double Uniform(uint64_t seed, const std::string& field, int64_t point) {
  const uint64_t key = numerics::MixBits(seed + 0x9E3779B97F4A7C15u) ^ HashOf(field);
  const numerics::PhiloxWords random = numerics::Philox(key, static_cast<uint64_t>(point), 0);
  const uint64_t bits = (static_cast<uint64_t>(random.words[1]) << 32 | random.words[0]) >> 11;
  return static_cast<double>(bits) * 0x1p-53;
}

double Between(double low, double high, double share) { return low + share * (high - low); }

double LogBetween(double low, double high, double share) {
  return std::exp(Between(std::log(low), std::log(high), share));
}

// `share` in [0, 1) of the range.
double Drawn(const SearchAxis& axis, double share) {
  switch (axis.type) {
    case AxisType::kUniform:
      return Between(axis.min, axis.max, share);
    case AxisType::kLogUniform:
      return LogBetween(axis.min, axis.max, share);
    case AxisType::kInt:
      return axis.min + std::floor(share * (axis.max - axis.min + 1));
    case AxisType::kLogInt:
      return std::round(LogBetween(axis.min - 0.5, axis.max + 0.5, share));
    case AxisType::kChoice:
      break;
  }
  return 0;
}

double OnGrid(const SearchAxis& axis, int64_t index) {
  if (index == 0 && axis.count > 1) return axis.min;
  if (index == axis.count - 1 && axis.count > 1) return axis.max;
  const double share =
      axis.count == 1 ? 0.5 : static_cast<double>(index) / static_cast<double>(axis.count - 1);
  switch (axis.type) {
    case AxisType::kUniform:
      return Between(axis.min, axis.max, share);
    case AxisType::kLogUniform:
      return LogBetween(axis.min, axis.max, share);
    case AxisType::kInt:
      return std::round(Between(axis.min, axis.max, share));
    case AxisType::kLogInt:
      return std::round(LogBetween(axis.min, axis.max, share));
    case AxisType::kChoice:
      break;
  }
  return 0;
}

std::string Number(const SearchAxis& axis, double value) {
  return spec::FormatNumber(std::clamp(value, axis.min, axis.max));
}

std::string DrawnValue(const spec::SearchSpec& search, const SearchAxis& axis, int64_t point) {
  const double share = Uniform(search.seed, axis.field, point);
  if (axis.type != AxisType::kChoice) return Number(axis, Drawn(axis, share));
  const auto size = static_cast<double>(axis.choices.size());
  return axis.choices[static_cast<size_t>(share * size)];
}

}  // namespace

std::vector<FieldValue> PointValues(const spec::SearchSpec& search, int64_t point) {
  std::vector<FieldValue> values(search.axes.size());
  int64_t rest = point;
  for (size_t i = search.axes.size(); i-- > 0;) {
    const SearchAxis& axis = search.axes[i];
    values[i].field = axis.field;
    if (search.method != spec::SearchMethod::kGrid) {
      values[i].json = DrawnValue(search, axis, point);
      continue;
    }
    const int64_t index = rest % axis.count;
    rest /= axis.count;
    values[i].json = axis.type == AxisType::kChoice ? axis.choices[static_cast<size_t>(index)]
                                                    : Number(axis, OnGrid(axis, index));
  }
  return values;
}

int64_t NumPoints(const spec::SearchSpec& search) {
  if (search.method != spec::SearchMethod::kGrid) return search.max_trials;
  int64_t points = 1;
  for (const SearchAxis& axis : search.axes) points *= axis.count;
  return search.max_trials == 0 ? points : std::min(points, search.max_trials);
}

std::string ValuesJson(const std::vector<FieldValue>& values) {
  std::string json;
  for (const FieldValue& value : values) {
    // Names of fields have nothing that JSON would escape.
    absl::StrAppend(&json, json.empty() ? "{" : ",", "\"", value.field, "\":", value.json);
  }
  return json + "}";
}

}  // namespace fp4::core
