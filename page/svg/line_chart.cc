#include "page/svg/line_chart.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "page/svg/markup.h"
#include "page/svg/numbers.h"

namespace fp4::page::svg {
namespace {

// More points than this have no texts of their own: they are too near to be pointed at.
constexpr size_t kMostTips = 64;

class LineDrawing {
 public:
  explicit LineDrawing(const LineChart& chart)
      : chart_(chart), x_(chart.x_title, chart.log_x), y_(chart.y_title, chart.log_y) {
    for (const Line& line : chart.lines) {
      for (const LinePoint& point : line.points) Include(point.x, point.y);
    }
    IncludeBands();
  }

  bool empty() const { return y_.empty(); }

  std::string Render() {
    y_.Pad(0.04);
    std::string bands, lines, dots;
    for (const Line& line : chart_.lines) {
      bands += BandOf(line);
      lines += CurvesOf(line, dots);
      dots += TipsOf(line);
    }
    return Draw({.label = chart_.label},
                absl::StrCat(Grid(x_, y_), Stretched(bands + lines), dots));
  }

 private:
  void Include(double x, double y) {
    if (!x_.Takes(x) || !y_.Takes(y)) return;
    x_.Include(x);
    y_.Include(y);
  }

  // A band of two seeds may be wider than all curves together: it must not press them flat.
  void IncludeBands() {
    Axis lines = y_;
    lines.Pad(0.5);
    for (const Line& line : chart_.lines) {
      for (const BandPoint& point : line.band) {
        for (const double end : {point.low, point.high}) {
          if (y_.Takes(end) && lines.Share(end) >= 0 && lines.Share(end) <= 1) y_.Include(end);
        }
      }
    }
  }

  bool Takes(const LinePoint& point) const { return x_.Takes(point.x) && y_.Takes(point.y); }
  Spot SpotOf(const LinePoint& point) const { return {x_.Share(point.x), y_.Share(point.y)}; }

  std::string Tip(const Line& line, const LinePoint& point) const {
    return absl::StrCat(line.name, ", ", chart_.x_title, " ", ValueText(point.x), ": ",
                        ValueText(point.y));
  }

  // The pieces of a line between its gaps; a piece of one point goes to `dots`.
  std::string CurvesOf(const Line& line, std::string& dots) const {
    const std::string classes = line.faint ? "line faint" : "line " + StyleClass(line.style);
    std::string text;
    std::vector<Spot> piece;
    LinePoint last;
    const auto end_piece = [&] {
      if (piece.size() == 1)
        dots += Dot(piece[0], 3, "dot " + StyleClass(line.style), Tip(line, last));
      text += Path(piece, classes);
      piece.clear();
    };
    for (const LinePoint& point : line.points) {
      if (!Takes(point)) {
        end_piece();
        continue;
      }
      piece.push_back(SpotOf(point));
      last = point;
    }
    end_piece();
    return text;
  }

  std::string TipsOf(const Line& line) const {
    if (line.faint || line.points.size() > kMostTips) return "";
    std::string text;
    for (const LinePoint& point : line.points) {
      if (Takes(point))
        text += Dot(SpotOf(point), 6, "tip " + StyleClass(line.style), Tip(line, point));
    }
    return text;
  }

  std::string BandOf(const Line& line) const {
    std::vector<Spot> upper, lower;
    for (const BandPoint& point : line.band) {
      if (!x_.Takes(point.x) || !y_.Takes(point.high)) continue;
      const double low = y_.Takes(point.low) ? std::clamp(y_.Share(point.low), 0.0, 1.0) : 0.0;
      upper.push_back({x_.Share(point.x), std::clamp(y_.Share(point.high), 0.0, 1.0)});
      lower.push_back({x_.Share(point.x), low});
    }
    return Area(upper, lower, "band " + StyleClass(line.style));
  }

  const LineChart& chart_;
  Axis x_, y_;
};

}  // namespace

std::string DrawLineChart(const LineChart& chart) {
  LineDrawing drawing(chart);
  return drawing.empty() ? "" : drawing.Render();
}

}  // namespace fp4::page::svg
