#include "numerics/tool/charts_page.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "numerics/tool/page_files.h"
#include "numerics/tool/page_parts.h"
#include "page/page.h"

namespace fp4::numerics::tool {
namespace {

using analysis::FormatCharts;
using analysis::FormatFigures;
using page::ChartNumber;
using page::EscapeHtml;
using page::ShortNumber;
using Json = nlohmann::ordered_json;

Json Numbers(std::span<const double> values) {
  Json numbers = Json::array();
  for (const double value : values) numbers.push_back(ChartNumber(value));
  return numbers;
}

double Mebibytes(const FormatFigures& figures) {
  return static_cast<double>(figures.stored_bytes) / (1 << 20);
}

Json FiguresJson(const FormatFigures& figures) {
  Json json;
  json["label"] = figures.choice.label;
  json["range"] = {{"largest", ChartNumber(figures.range.largest)},
                   {"in_block", ChartNumber(figures.range.smallest_in_block)},
                   {"block", ChartNumber(figures.range.smallest_block)}};
  json["error_by_scale"] = Numbers(figures.error_by_scale);
  json["decoded"] = ChartShares(figures.decoded);
  json["errors"] = ChartShares(figures.errors);
  json["error_by_magnitude"] = Numbers(figures.error_by_magnitude);
  json["sqnr"] = Numbers(figures.sqnr_by_scheme);
  Json& sample = json["sample"] = Json::array();
  for (const analysis::SamplePoint& point : figures.sample)
    sample.push_back({ChartNumber(point.original), ChartNumber(point.decoded)});
  json["correlation"] = ChartNumber(figures.correlation);
  json["bits_per_element"] = figures.bits_per_element;
  json["bits_per_value"] = ChartNumber(figures.bits_per_value);
  json["stored_mib"] = ChartNumber(Mebibytes(figures));
  Json& staircase = json["staircase"] = Json::array();
  for (const auto& [original, decoded] : figures.staircase.points)
    staircase.push_back({ChartNumber(original), ChartNumber(decoded)});
  json["exact"] = figures.staircase.exact;
  json["num_boundaries"] = figures.staircase.boundaries.size();
  return json;
}

Json ToJson(const FormatCharts& charts) {
  Json json;
  json["num_values"] = charts.original.total;
  json["scales"] = Numbers(charts.scales);
  Json& schemes = json["schemes"] = Json::array();
  for (const analysis::InitScheme scheme : analysis::AllInitSchemes())
    schemes.push_back(analysis::InitSchemeName(scheme));
  json["bins"] = {charts.original.range.low, charts.original.range.high};
  json["original"] = ChartShares(charts.original);
  const analysis::BinRange errors = charts.formats.front().errors.range;
  json["error_bins"] = {errors.low, errors.high};
  Json& formats = json["formats"] = Json::array();
  for (const FormatFigures& figures : charts.formats) formats.push_back(FiguresJson(figures));
  return json;
}

std::string Octaves(double largest, double smallest) {
  return smallest > 0 ? absl::StrFormat("%.1f", std::log2(largest / smallest)) : "–";
}

std::string TableRow(const FormatFigures& figures) {
  const ErrorStats& stats = figures.stats;
  std::string html = absl::StrCat("<tr><td>", EscapeHtml(figures.choice.label), "</td>");
  const auto cell = [&](const std::string& text) { absl::StrAppend(&html, "<td>", text, "</td>"); };
  cell(ShortNumber(figures.bits_per_value));
  cell(ShortNumber(Mebibytes(figures)));
  cell(std::isinf(stats.sqnr_db) ? "∞" : ShortNumber(stats.sqnr_db));
  cell(ShortNumber(stats.mean_abs_error));
  cell(ShortNumber(stats.max_abs_error));
  cell(ShortNumber(stats.mean_relative_error));
  cell(absl::StrCat(stats.zeros_created));
  cell(absl::StrCat(figures.clipped));
  cell(std::isfinite(figures.correlation) ? absl::StrFormat("%.5f", figures.correlation) : "–");
  cell(Octaves(figures.range.largest, figures.range.smallest_in_block));
  return html + "</tr>\n";
}

std::string Table(const FormatCharts& charts) {
  std::string html = "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>";
  const std::string stored = absl::StrCat("MiB of ", ShapeText(analysis::kStoredShape));
  for (const std::string& name :
       {std::string("format"), std::string("bits per value"), stored, std::string("SQNR (dB)"),
        std::string("mean |error|"), std::string("max |error|"), std::string("mean relative error"),
        std::string("zeros created"), std::string("clipped"), std::string("correlation"),
        std::string("octaves in a block")}) {
    absl::StrAppend(&html, "<th scope=\"col\">", name, "</th>");
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const FormatFigures& figures : charts.formats) html += TableRow(figures);
  return html + "</tbody></table></div>\n";
}

// What is in no chart to the last digit: where the levels meet, and each format's options.
std::string Details(const FormatCharts& charts) {
  std::string html =
      "<details><summary>What each format is, its options and its exact boundaries</summary><dl>";
  for (const FormatFigures& figures : charts.formats) {
    const analysis::FormatChoice& choice = figures.choice;
    absl::StrAppend(&html, "<dt>", EscapeHtml(choice.label), "</dt><dd>",
                    EscapeHtml(choice.format->info().summary), "; ");
    for (const auto& [name, value] : DescribeOptions(choice.format->info(), choice.options))
      absl::StrAppend(&html, EscapeHtml(name), " ", EscapeHtml(value), "; ");
    html += "boundaries:";
    for (const float boundary : figures.staircase.boundaries)
      absl::StrAppend(&html, absl::StrFormat(" %.9g", boundary));
    absl::StrAppend(&html, figures.staircase.exact ? "" : " too many", "</dd>\n");
  }
  return html + "</dl></details>\n";
}

}  // namespace

std::string RenderCharts(const FormatCharts& charts, uint64_t seed) {
  const std::vector<std::pair<std::string, std::string>> options = {
      {"weight",
       absl::StrCat("normal, standard deviation 0.02, ", ShapeText(analysis::kWeightShape))},
      {"seed", absl::StrCat(seed)}};
  const std::string heading =
      charts.formats.size() == 1
          ? absl::StrCat("The format ", charts.formats[0].choice.label)
          : absl::StrCat(charts.formats.size(), " number formats side by side");
  const std::string body = page::FillTemplate(
      kChartsBodyHtml,
      {{"heading", EscapeHtml(heading)},
       {"subtitle",
        "Measured on generated weights; the table and the histograms are over all of their "
        "values."},
       {"options", OptionItems(options)},
       {"figures", Table(charts) + Details(charts)},
       {"weight_shape", ShapeText(analysis::kWeightShape)},
       {"stored_shape", ShapeText(analysis::kStoredShape)},
       {"sample_size", absl::StrCat(charts.formats.front().sample.size())}});
  return page::Render({.program = "fp4-quantize",
                       .title = heading,
                       .body = body,
                       .data = ToJson(charts),
                       .script = kChartsJs});
}

std::vector<Result> ChartResults(const FormatCharts& charts) {
  std::vector<Result> results;
  for (const FormatFigures& figures : charts.formats) {
    Result& result = results.emplace_back();
    result.format = figures.choice.label;
    result.shape = analysis::kWeightShape;
    result.stats = figures.stats;
    result.clipped = figures.clipped;
    result.bits_per_value = figures.weight_bits_per_value;
    result.bytes = figures.weight_bytes;
    result.has_tensor_scale = figures.has_tensor_scale;
    result.tensor_scale = figures.tensor_scale;
  }
  return results;
}

}  // namespace fp4::numerics::tool
