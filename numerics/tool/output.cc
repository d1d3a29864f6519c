#include "numerics/tool/output.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "numerics/quantizer_options.h"

namespace fp4::numerics::tool {
namespace {

using Json = nlohmann::ordered_json;

Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json ToJson(const Result& result) {
  const ErrorStats& stats = result.stats;
  const auto measured = [&](double value) { return stats.count > 0 ? Number(value) : Json(); };
  const auto relative = [&](double value) {
    return stats.num_relative > 0 ? Number(value) : Json();
  };
  Json json;
  if (!result.name.empty()) json["name"] = result.name;
  json["format"] = result.format;
  json["rows"] = result.shape.rows;
  json["columns"] = result.shape.columns;
  json["mean_abs_error"] = measured(stats.mean_abs_error);
  json["mean_relative_error"] = relative(stats.mean_relative_error);
  json["max_abs_error"] = measured(stats.max_abs_error);
  json["relative_mse"] = relative(stats.relative_mse);
  json["sqnr_db"] = relative(stats.sqnr_db);
  json["zeros_created"] = stats.zeros_created;
  json["clipped"] = result.clipped;
  json["non_finite"] = stats.non_finite;
  json["bits_per_value"] = result.bits_per_value;
  json["bytes"] = result.bytes;
  json["tensor_scale"] = result.has_tensor_scale ? Number(result.tensor_scale) : Json();
  return json;
}

// With control characters and broken UTF-8 made harmless.
std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

void PrintText(const Result& result, std::ostream& out) {
  const ErrorStats& stats = result.stats;
  const auto line = [&](const char* what, const std::string& value) {
    out << absl::StrFormat("  %-22s%s\n", what, value);
  };
  const auto number = [](bool any, double value) {
    return any ? absl::StrFormat("%.6g", value) : std::string("-");
  };
  const auto measured = [&](double value) { return number(stats.count > 0, value); };
  const auto relative = [&](double value) { return number(stats.num_relative > 0, value); };
  const std::string name = result.name.empty() ? "" : Dump(Json(result.name)) + " ";
  out << absl::StrFormat("%s%dx%d as %s\n", name, result.shape.rows, result.shape.columns,
                         std::string(result.format));
  line("mean absolute error", measured(stats.mean_abs_error));
  line("mean relative error", relative(stats.mean_relative_error));
  line("maximal error", measured(stats.max_abs_error));
  line("relative MSE", relative(stats.relative_mse));
  line("SQNR", relative(stats.sqnr_db) + " dB");
  line("zeros created", absl::StrCat(stats.zeros_created));
  line("values clipped", absl::StrCat(result.clipped));
  if (stats.non_finite > 0) line("not finite, left out", absl::StrCat(stats.non_finite));
  line("bits per value", absl::StrFormat("%.6g", result.bits_per_value));
  line("bytes", absl::StrCat(result.bytes));
  if (result.has_tensor_scale) line("tensor scale", absl::StrFormat("%.9g", result.tensor_scale));
}

const char* ScaleName(ScaleType type) {
  switch (type) {
    case ScaleType::kNone:
      return "none";
    case ScaleType::kFp32:
      return "fp32";
    case ScaleType::kE4M3:
      return "e4m3";
    case ScaleType::kE8M0:
      return "e8m0";
  }
  return "";
}

// The options that this format takes and some others do not.
std::vector<std::string> Abilities(const FormatInfo& info) {
  std::vector<std::string> abilities;
  for (const QuantizerOption& option : QuantizerOptions()) {
    if (option.ability != nullptr && info.*option.ability)
      abilities.emplace_back(option.ability_label);
  }
  return abilities;
}

std::vector<std::string> Blocks(const FormatInfo& info) {
  return {info.blocks.begin(), info.blocks.end()};
}

Json ToJson(const FormatInfo& info) {
  Json json = {{"name", info.name},
               {"summary", info.summary},
               {"bits_per_element", info.bits_per_element},
               {"scale_type", ScaleName(info.scale_type)},
               {"default_block", info.default_block},
               {"blocks", Blocks(info)}};
  for (const QuantizerOption& option : QuantizerOptions()) {
    if (option.ability != nullptr) json[std::string(option.ability_key)] = info.*option.ability;
  }
  json["max_value"] = info.max_value == 0 ? Json() : Number(info.max_value);
  json["reference"] = info.reference;
  return json;
}

}  // namespace

void PrintResults(std::span<const Result> results, bool json, std::ostream& out) {
  if (!json) {
    for (const Result& result : results) PrintText(result, out);
    return;
  }
  Json list = Json::array();
  for (const Result& result : results) list.push_back(ToJson(result));
  out << Dump(list.size() == 1 ? list[0] : list) << '\n';
}

void PrintFormats(std::span<const Format* const> formats, bool json, std::ostream& out) {
  if (json) {
    Json list = Json::array();
    for (const Format* format : formats) list.push_back(ToJson(format->info()));
    out << Dump(list) << '\n';
    return;
  }
  out << absl::StrFormat("%-10s%5s  %-7s%s\n", "format", "bits", "scales", "what it is");
  for (const Format* format : formats) {
    const FormatInfo& info = format->info();
    out << absl::StrFormat("%-10s%5d  %-7s%s\n", std::string(info.name), info.bits_per_element,
                           ScaleName(info.scale_type), std::string(info.summary));
    out << absl::StrFormat("%24sblocks (default %s): %s\n", "", std::string(info.default_block),
                           absl::StrJoin(Blocks(info), ", "));
    const std::vector<std::string> abilities = Abilities(info);
    if (!abilities.empty())
      out << absl::StrFormat("%24soptions: %s\n", "", absl::StrJoin(abilities, ", "));
  }
}

}  // namespace fp4::numerics::tool
