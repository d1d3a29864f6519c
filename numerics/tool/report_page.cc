#include "numerics/tool/report_page.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "numerics/tool/page_files.h"
#include "numerics/tool/page_parts.h"
#include "page/page.h"

namespace fp4::numerics::tool {
namespace {

using page::ChartNumber;
using page::EscapeHtml;
using page::ShortNumber;
using Json = nlohmann::ordered_json;

// A figure of a tensor: in the table of several, or in the list of one.
struct Figure {
  const char* name;
  double (*value)(const Result&);
  const char* unit = "";
};

double Measured(const Result& result, double value) { return result.stats.count > 0 ? value : NAN; }

constexpr Figure kFigures[] = {
    {"SQNR", [](const Result& r) { return Measured(r, r.stats.sqnr_db); }, " dB"},
    {"mean |error|", [](const Result& r) { return Measured(r, r.stats.mean_abs_error); }},
    {"max |error|", [](const Result& r) { return Measured(r, r.stats.max_abs_error); }},
    {"mean relative error",
     [](const Result& r) { return Measured(r, r.stats.mean_relative_error); }},
    {"relative MSE", [](const Result& r) { return Measured(r, r.stats.relative_mse); }},
    {"zeros created", [](const Result& r) { return double(r.stats.zeros_created); }},
    {"clipped", [](const Result& r) { return double(r.clipped); }},
    {"not finite", [](const Result& r) { return double(r.stats.non_finite); }},
    {"bits per value", [](const Result& r) { return r.bits_per_value; }},
    {"bytes", [](const Result& r) { return double(r.bytes); }},
    {"tensor scale",
     [](const Result& r) { return r.has_tensor_scale ? double(r.tensor_scale) : NAN; }},
};

// Counts in full, everything else short; infinity is a ratio without any error.
std::string Text(double value) {
  if (std::isinf(value)) return "∞";
  const bool whole = std::fabs(value) < 0x1p53 && value == std::floor(value);
  return whole ? absl::StrFormat("%.0f", value) : ShortNumber(value);
}

std::string NameOf(const Result& result, const Options& options) {
  return result.name.empty() ? options.input.filename().string() : result.name;
}

std::string FigureList(const Result& result) {
  std::string html = "<dl class=\"figures\">";
  for (const Figure& figure : kFigures) {
    const double value = figure.value(result);
    absl::StrAppend(&html, "<div><dt>", EscapeHtml(figure.name), "</dt><dd>", Text(value),
                    std::isnan(value) ? "" : figure.unit, "</dd></div>\n");
  }
  return html + "</dl>";
}

std::string TableRow(const Options& options, const Result& result, size_t index) {
  const std::string name = EscapeHtml(NameOf(result, options));
  std::string html =
      absl::StrFormat("<tr data-tensor=\"%d\"><td data-value=\"%s\">%s</td>", index, name, name);
  absl::StrAppend(&html, "<td data-value=\"", result.shape.size(), "\">", ShapeText(result.shape),
                  "</td>");
  for (const Figure& figure : kFigures) {
    const double value = figure.value(result);
    // Infinity sorts as the largest number there is.
    const std::string key = std::isnan(value)   ? ""
                            : std::isinf(value) ? "1e999"
                                                : absl::StrFormat("%.9g", value);
    absl::StrAppend(&html, "<td data-value=\"", key, "\">", Text(value), "</td>");
  }
  return html + "</tr>\n";
}

std::string Table(const Options& options, std::span<const TensorReport> reports) {
  std::string html =
      "<div class=\"scroll long\" tabindex=\"0\"><table class=\"selectable\"><thead><tr>";
  const auto header = [&](const char* name, const char* unit) {
    absl::StrAppend(&html, "<th scope=\"col\"><button type=\"button\">", EscapeHtml(name),
                    *unit == 0 ? "" : absl::StrCat(" (", unit + 1, ")"), "</button></th>");
  };
  header("tensor", "");
  header("shape", "");
  for (const Figure& figure : kFigures) header(figure.name, figure.unit);
  html += "</tr></thead>\n<tbody>\n";
  for (size_t i = 0; i < reports.size(); ++i) html += TableRow(options, reports[i].result, i);
  return html + "</tbody></table></div>\n";
}

// Of all tensors together.
std::string Totals(const Options& options, std::span<const TensorReport> reports) {
  int64_t values = 0, bytes = 0, zeros = 0, clipped = 0, non_finite = 0;
  const Result* worst = nullptr;
  for (const TensorReport& report : reports) {
    const Result& result = report.result;
    values += result.shape.size();
    bytes += result.bytes;
    zeros += result.stats.zeros_created;
    clipped += result.clipped;
    non_finite += result.stats.non_finite;
    if (result.stats.count > 0 && (worst == nullptr || result.stats.sqnr_db < worst->stats.sqnr_db))
      worst = &result;
  }
  std::string html = "<dl class=\"figures\">";
  const auto figure = [&](const char* name, const std::string& value) {
    absl::StrAppend(&html, "<div><dt>", name, "</dt><dd>", value, "</dd></div>\n");
  };
  figure("tensors", absl::StrCat(reports.size()));
  figure("values", absl::StrCat(values));
  figure("bytes", absl::StrCat(bytes));
  figure("bits per value",
         ShortNumber(8.0 * static_cast<double>(bytes) / static_cast<double>(values)));
  figure("zeros created", absl::StrCat(zeros));
  figure("clipped", absl::StrCat(clipped));
  figure("not finite", absl::StrCat(non_finite));
  if (worst != nullptr)
    figure("lowest SQNR", absl::StrCat(Text(worst->stats.sqnr_db), " dB <small>",
                                       EscapeHtml(NameOf(*worst, options)), "</small>"));
  return html + "</dl>";
}

Json PanelsJson(const Options& options, const TensorReport& report) {
  const analysis::TensorPanels& panels = report.panels;
  Json json;
  json["name"] = NameOf(report.result, options);
  json["size"] = report.result.shape.size();
  json["non_finite"] = report.result.stats.non_finite;
  Json& sample = json["sample"] = Json::array();
  for (const analysis::SamplePoint& point : panels.sample)
    sample.push_back({point.index, ChartNumber(point.original), ChartNumber(point.decoded)});
  Json& errors = json["errors"] = Json::array();
  for (const analysis::ErrorStretch& stretch : panels.errors) {
    errors.push_back(
        {stretch.first, ChartNumber(stretch.mean_abs_error), ChartNumber(stretch.max_abs_error)});
  }
  const analysis::BinRange bins = panels.original.range;
  json["bins"] = {bins.low, bins.high};
  json["original"] = ChartShares(panels.original);
  json["decoded"] = ChartShares(panels.decoded);
  json["outside"] = {panels.original.outside, panels.decoded.outside};
  json["correlation"] = ChartNumber(panels.correlation);
  return json;
}

std::string Subtitle(std::span<const TensorReport> reports, std::span<const std::string> skipped) {
  std::string text =
      reports.size() == 1
          ? absl::StrCat(ShapeText(reports[0].result.shape), ". ")
          : std::string("A tensor is chosen by its row or above the panels; a column sorts. ");
  absl::StrAppend(&text, "Figures and histograms are over all values");
  absl::StrAppend(&text, "; what is not finite is counted and left out of the errors.");
  for (const std::string& why : skipped) absl::StrAppend(&text, " Left out: ", why, ".");
  return text;
}

}  // namespace

analysis::PanelLimits LimitsFor(size_t num_tensors) {
  constexpr size_t kAllPoints = 100'000;
  const size_t share = kAllPoints / std::max<size_t>(num_tensors, 1);
  analysis::PanelLimits limits;
  limits.max_sample = static_cast<int64_t>(std::clamp<size_t>(share, 64, 2000));
  limits.max_stretches = std::min(limits.max_stretches, limits.max_sample / 2);
  if (share < 200) limits.num_bins = 41;
  return limits;
}

std::string RenderReport(const Options& options, std::span<const TensorReport> reports,
                         std::span<const std::string> skipped) {
  const FormatInfo& info = options.format->info();
  const bool single = reports.size() == 1;
  const std::string heading =
      absl::StrCat(single ? NameOf(reports[0].result, options) : options.input.filename().string(),
                   " as ", std::string(info.name));
  Json data;
  Json& tensors = data["tensors"] = Json::array();
  for (const TensorReport& report : reports) tensors.push_back(PanelsJson(options, report));
  const std::string body = page::FillTemplate(
      kReportBodyHtml, {{"heading", EscapeHtml(heading)},
                        {"subtitle", EscapeHtml(Subtitle(reports, skipped))},
                        {"options", OptionItems(DescribeOptions(info, options.quantize))},
                        {"figures", single ? FigureList(reports[0].result)
                                           : Totals(options, reports) + Table(options, reports)}});
  return page::Render({.program = "fp4-quantize",
                       .title = heading,
                       .body = body,
                       .data = std::move(data),
                       .script = kReportJs});
}

}  // namespace fp4::numerics::tool
