#include "page/svg/markup.h"

#include "absl/strings/str_cat.h"
#include "page/page.h"
#include "page/svg/numbers.h"

namespace fp4::page::svg {
namespace {

constexpr int kTicksAcross = 6, kTicksUp = 8;

std::string PathData(const std::vector<Spot>& spots, std::string_view first) {
  std::string data(first);
  for (const Spot& spot : spots) {
    absl::StrAppend(&data, Coordinate(spot.x * 1000), " ", Coordinate((1 - spot.y) * 1000), " ");
  }
  return data;
}

}  // namespace

std::string StyleClass(int style) {
  if (style < 0) return "grey";
  return absl::StrCat("s", style % kNumColors, " d", style / kNumColors % kNumDashes);
}

std::string Draw(const Frame& frame, std::string_view content) {
  return absl::StrCat("<svg class=\"chart ", std::string(frame.margin),
                      "\" role=\"img\" aria-label=\"", EscapeHtml(frame.label),
                      "\" style=\"height:", frame.height, "px\">", std::string(content), "</svg>");
}

std::string VerticalGrid(const Axis& x) {
  std::string text;
  for (const Tick& tick : x.Ticks(kTicksAcross)) {
    const std::string at = Percent(x.Share(tick.value));
    absl::StrAppend(&text, "<line class=\"grid\" x1=\"", at, "\" x2=\"", at,
                    "\" y1=\"0\" y2=\"100%\"/><text x=\"", at,
                    "\" y=\"100%\" dy=\"1.4em\" text-anchor=\"middle\">", EscapeHtml(tick.label),
                    "</text>");
  }
  absl::StrAppend(&text, "<text class=\"title\" x=\"50%\" y=\"100%\" dy=\"2.9em\" ",
                  "text-anchor=\"middle\">", EscapeHtml(x.title()), "</text>");
  return text;
}

std::string Grid(const Axis& x, const Axis& y) {
  std::string text = VerticalGrid(x);
  for (const Tick& tick : y.Ticks(kTicksUp)) {
    const std::string at = Percent(1 - y.Share(tick.value));
    absl::StrAppend(&text, "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"", at, "\" y2=\"", at,
                    "\"/><text x=\"0\" dx=\"-.5em\" dy=\".35em\" y=\"", at,
                    "\" text-anchor=\"end\">", EscapeHtml(tick.label), "</text>");
  }
  return absl::StrCat(text, "<text class=\"title\" x=\"0\" y=\"0\" dy=\"-.8em\" dx=\"-3.5em\">",
                      EscapeHtml(y.title()), "</text>");
}

std::string Stretched(std::string_view shapes) {
  return absl::StrCat(
      "<svg width=\"100%\" height=\"100%\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" ",
      "overflow=\"visible\">", std::string(shapes), "</svg>");
}

std::string Path(const std::vector<Spot>& spots, std::string_view classes) {
  if (spots.size() < 2) return "";
  std::string data = PathData(spots, "M");
  data.pop_back();
  return absl::StrCat("<path class=\"", std::string(classes), "\" d=\"", data, "\"/>");
}

std::string Area(const std::vector<Spot>& upper, const std::vector<Spot>& lower,
                 std::string_view classes) {
  if (upper.size() < 2) return "";
  const std::vector<Spot> back(lower.rbegin(), lower.rend());
  return absl::StrCat("<path class=\"", std::string(classes), "\" d=\"", PathData(upper, "M"),
                      PathData(back, ""), "Z\"/>");
}

std::string Dot(Spot at, double radius, std::string_view classes, std::string_view tip) {
  return absl::StrCat("<circle class=\"", std::string(classes), "\" cx=\"", Percent(at.x),
                      "\" cy=\"", Percent(1 - at.y), "\" r=\"", Coordinate(radius), "\"><title>",
                      EscapeHtml(tip), "</title></circle>");
}

std::string ShortName(std::string_view name, size_t most) {
  size_t characters = 0, end_of_cut = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    if ((static_cast<unsigned char>(name[i]) & 0xC0) == 0x80) continue;  // goes on with one
    if (characters == most - 1) end_of_cut = i;
    if (++characters > most) return absl::StrCat(std::string(name.substr(0, end_of_cut)), "…");
  }
  return std::string(name);
}

std::string TextAt(double x_share, int y, std::string_view text, std::string_view classes,
                   std::string_view anchor) {
  return absl::StrCat("<text class=\"", std::string(classes), "\" x=\"", Percent(x_share),
                      "\" y=\"", y, "\" text-anchor=\"", std::string(anchor), "\">",
                      EscapeHtml(text), "</text>");
}

}  // namespace fp4::page::svg
