#include "client/render/comparison.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/render/findings.h"
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
  // An interval without zero in it is a difference that the seeds do not explain.
  const bool clear = interval.low() > 0 || interval.high() < 0;
  return {text, clear ? Color::kBold : Color::kPlain};
}

std::string RenderNotes(const v1::CompareResponse& comparison, const Layout& layout) {
  std::string text;
  for (const v1::VariantComparison& variant : comparison.variants()) {
    text +=
        RenderFindings(variant.name(), {variant.health().begin(), variant.health().end()}, layout);
    if (variant.num_failed() > 0) {
      absl::StrAppend(&text, Printable(variant.name()), ": ", variant.num_failed(), " of ",
                      variant.num_runs(), " runs failed\n");
    }
  }
  for (const std::string& warning : comparison.warnings()) {
    const std::string line = Wrapped("warning: " + Printable(warning), layout.width, 2);
    absl::StrAppend(&text, Colored(line, Color::kYellow, layout.color), "\n");
  }
  return text;
}

}  // namespace

std::string RenderComparison(const v1::CompareResponse& comparison, const std::string& title,
                             const Layout& layout) {
  Table table({{.header = "VARIANT", .min_width = 10, .names = true},
               {.header = "N", .right = true},
               {.header = absl::AsciiStrToUpper(comparison.metric()), .right = true},
               {.header = "DIFFERENCE [95 % CI]", .right = true},
               {.header = "ACCURACY", .right = true, .drop_order = 2},
               {.header = "TOK/S", .right = true, .drop_order = 3},
               {.header = "BITS/WEIGHT", .right = true, .drop_order = 1}});
  for (const v1::VariantComparison& variant : comparison.variants()) {
    table.AddRow({Printable(variant.name()), absl::StrCat(variant.n()), MeanText(variant, layout),
                  DifferenceCell(variant),
                  variant.has_accuracy() ? FormatFixed(variant.accuracy(), kDigits) : "",
                  variant.has_tokens_per_second() ? FormatCount(variant.tokens_per_second()) : "",
                  variant.has_bits_per_value() ? FormatFixed(variant.bits_per_value(), 2) : ""});
  }
  std::string text = absl::StrCat(Printable(title), ": ", comparison.metric(),
                                  " at the end of training\nmean over n seeds");
  if (comparison.variants_size() > 1) {
    absl::StrAppend(&text, "; difference to ", Printable(comparison.reference()),
                    ", paired by seed");
  }
  text = Wrapped(text, layout.width, 2);
  absl::StrAppend(&text, "\n\n", table.Render(layout));
  const std::string notes = RenderNotes(comparison, layout);
  return notes.empty() ? text : absl::StrCat(text, "\n", notes);
}

}  // namespace fp4::client
