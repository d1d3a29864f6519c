#include "client/render/comparison.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "client/render/findings.h"
#include "client/render/fronts.h"
#include "client/render/numbers.h"

namespace fp4::client {
namespace {

constexpr int kDigits = 4;

std::string MeanText(const v1::VariantComparison& variant, const Layout& layout) {
  if (variant.n() == 0) return "";
  std::string text = FormatFixed(variant.mean(), kDigits);
  if (variant.has_std()) {
    absl::StrAppend(&text, " ", std::string(GlyphsFor(layout.unicode).plus_minus), " ",
                    FormatFixed(variant.std(), kDigits));
  }
  return text;
}

Cell DifferenceCell(const v1::VariantComparison& variant) {
  if (!variant.has_difference() || variant.difference().n() == 0) return "";
  const v1::Difference& difference = variant.difference();
  std::string text = FormatSigned(difference.mean(), kDigits);
  if (!difference.has_ci95()) return text;
  const v1::Interval& interval = difference.ci95();
  absl::StrAppend(&text, " [", FormatSigned(interval.low(), kDigits), ", ",
                  FormatSigned(interval.high(), kDigits), "]");
  const v1::Verdict::Kind kind = variant.verdict().kind();
  const bool claimed = kind == v1::Verdict::BETTER || kind == v1::Verdict::WORSE;
  return {text, claimed ? Color::kBold : Color::kPlain};
}

// Where the runs are looked at.
std::string PlaceText(const v1::CompareResponse& comparison) {
  const double limit = comparison.at_limit();
  const v1::ComparisonAxis at = comparison.at();
  if (at == v1::COMPARISON_AXIS_STEPS) {
    return absl::StrCat("at step ", FormatFixed(limit, 0), ", which all completed runs reached");
  }
  if (at == v1::COMPARISON_AXIS_TOKENS) {
    return absl::StrCat("at ", FormatCount(limit), " tokens, which all completed runs reached");
  }
  if (at == v1::COMPARISON_AXIS_TIME) {
    return absl::StrCat("after ", FormatInterval(absl::Seconds(limit)),
                        " of training, the end of the slowest variant");
  }
  if (at == v1::COMPARISON_AXIS_BYTES) {
    return "at the end of training, between weights of equally many bytes";
  }
  return "at the end of training";
}

Color VerdictColor(v1::Verdict::Kind kind) {
  if (kind == v1::Verdict::BETTER || kind == v1::Verdict::NO_WORSE) return Color::kGreen;
  if (kind == v1::Verdict::FAILED) return Color::kRed;
  return kind == v1::Verdict::WORSE ? Color::kYellow : Color::kPlain;
}

// A sentence on each variant; the reference has nothing to be compared with when it is alone.
std::string RenderVerdicts(const v1::CompareResponse& comparison, const Layout& layout) {
  std::string text;
  for (const v1::VariantComparison& variant : comparison.variants()) {
    if (!variant.has_verdict() || comparison.variants_size() < 2) continue;
    const std::string line =
        Wrapped(absl::StrCat(Printable(variant.name()), ": ", Printable(variant.verdict().text())),
                layout.width, 2);
    absl::StrAppend(&text, Colored(line, VerdictColor(variant.verdict().kind()), layout.color),
                    "\n");
  }
  return text;
}

std::string RenderNotes(const v1::CompareResponse& comparison, const Layout& layout) {
  std::string text;
  for (const v1::VariantComparison& variant : comparison.variants()) {
    text +=
        RenderFindings(variant.name(), {variant.health().begin(), variant.health().end()}, layout);
    if (variant.num_failed() > 0) {
      absl::StrAppend(&text, Printable(variant.name()), ": ", variant.num_failed(), " of ",
                      variant.num_runs(), " runs failed or were cancelled\n");
    }
  }
  for (const std::string& warning : comparison.warnings()) {
    const std::string line = Wrapped("warning: " + Printable(warning), layout.width, 2);
    absl::StrAppend(&text, Colored(line, Color::kYellow, layout.color), "\n");
  }
  return text;
}

}  // namespace

std::string ComparisonPlace(const v1::CompareResponse& comparison) {
  std::string text =
      absl::StrCat(comparison.metric(), " ", PlaceText(comparison), "\nmean over n seeds");
  if (comparison.last() > 1) {
    absl::StrAppend(&text, ", of the last ", comparison.last(), " values of each run");
  }
  if (comparison.variants_size() > 1) {
    absl::StrAppend(&text, "; difference to ", Printable(comparison.reference()),
                    ", paired by seed");
  }
  return text;
}

std::string RenderComparison(const v1::CompareResponse& comparison, const std::string& title,
                             const ComparisonParts& parts, const Layout& layout) {
  Table table({{.header = "VARIANT", .min_width = 10, .names = true},
               {.header = "N", .right = true},
               {.header = absl::AsciiStrToUpper(comparison.metric()), .right = true},
               {.header = "DIFFERENCE [95 % CI]", .right = true},
               {.header = "EXCESS", .right = true, .drop_order = 2},
               {.header = "ACCURACY", .right = true, .drop_order = 3},
               {.header = "TOK/S", .right = true, .drop_order = 4},
               {.header = "BITS/WEIGHT", .right = true, .drop_order = 1},
               {.header = "STATE", .right = true, .drop_order = 5},
               {.header = "PEAK", .right = true, .drop_order = 6}});
  const bool is_excess = comparison.metric() == metric::kValExcessLoss;
  for (const v1::VariantComparison& variant : comparison.variants()) {
    table.AddRow(
        {Printable(variant.name()), absl::StrCat(variant.n()), MeanText(variant, layout),
         DifferenceCell(variant),
         variant.has_excess_loss() && !is_excess ? FormatFixed(variant.excess_loss(), kDigits) : "",
         variant.has_accuracy() ? FormatFixed(variant.accuracy(), kDigits) : "",
         variant.has_tokens_per_second() ? FormatCount(variant.tokens_per_second()) : "",
         variant.has_bits_per_value() ? FormatFixed(variant.bits_per_value(), 2) : "",
         variant.has_state_bytes() ? FormatCount(variant.state_bytes()) + "B" : "",
         variant.has_peak_bytes() ? FormatCount(variant.peak_bytes()) + "B" : ""});
  }
  const std::string heading = absl::StrCat(Printable(title), ": ", ComparisonPlace(comparison));
  std::string text = absl::StrCat(Wrapped(heading, layout.width, 2), "\n\n", table.Render(layout));
  for (const std::string& part : {RenderVerdicts(comparison, layout),
                                  parts.pareto ? RenderFronts(comparison, layout) : std::string(),
                                  RenderNotes(comparison, layout)}) {
    if (!part.empty()) absl::StrAppend(&text, "\n", part);
  }
  return text;
}

}  // namespace fp4::client
