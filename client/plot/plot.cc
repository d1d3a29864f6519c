#include "client/plot/plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/plot/canvas.h"
#include "client/render/numbers.h"

namespace fp4::client {
namespace {

constexpr int kUsualWidth = 100, kLeastColumns = 16;

// One axis: from numbers to dots.
class Axis {
 public:
  explicit Axis(bool logarithmic) : logarithmic_(logarithmic) {}

  bool Takes(double value) const { return std::isfinite(value) && (!logarithmic_ || value > 0); }
  void Include(double value) {
    low_ = std::min(low_, Mapped(value));
    high_ = std::max(high_, Mapped(value));
  }
  // A curve that is level lies in the middle; what lies beyond the axis is beside the canvas.
  int DotOf(double value, int dots) const {
    return static_cast<int>(std::lround(std::clamp(ShareOf(value), -1.0, 2.0) * (dots - 1)));
  }
  // Whether the value lies no further outside than half the axis is long.
  bool IsNear(double value) const {
    return Takes(value) && ShareOf(value) >= -0.5 && ShareOf(value) <= 1.5;
  }
  // What lies at that share of the way.
  double ValueAt(double share) const {
    const double mapped = low_ + share * (high_ - low_);
    return logarithmic_ ? std::pow(10, mapped) : mapped;
  }

 private:
  double ShareOf(double value) const {
    return high_ > low_ ? (Mapped(value) - low_) / (high_ - low_) : 0.5;
  }
  double Mapped(double value) const { return logarithmic_ ? std::log10(value) : value; }

  const bool logarithmic_;
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
};

class Drawing {
 public:
  Drawing(const std::vector<Curve>& curves, const PlotStyle& style)
      : curves_(curves), style_(style), x_(style.log_x), y_(style.log_y) {
    for (const Curve& curve : curves) {
      for (const v1::Point& point : curve.points) {
        if (!IsDrawn(point)) {
          ++num_left_out_;
          continue;
        }
        ++num_drawn_;
        x_.Include(static_cast<double>(point.step()));
        y_.Include(point.value());
      }
    }
    if (num_drawn_ > 0) IncludeBands();
  }

  int num_drawn() const { return num_drawn_; }
  int num_left_out() const { return num_left_out_; }

  std::string Render(const Layout& layout) const {
    const int label_width = std::max(DisplayWidth(Label(0)), DisplayWidth(Label(1)));
    const int columns =
        std::max(kLeastColumns, (layout.width == 0 ? kUsualWidth : layout.width) - label_width - 2);
    Canvas canvas(columns, style_.height, layout, curves_.size() > 1);
    for (const Curve& curve : curves_) DrawBand(curve, canvas);
    for (const Curve& curve : curves_) Draw(curve, canvas);
    return WithAxes(canvas.Rows(), label_width, columns, layout);
  }

 private:
  // Bands of few seeds may be wider than all curves together, and must not press them flat.
  void IncludeBands() {
    const Axis curves = y_;
    for (const Curve& curve : curves_) {
      for (const MeanPoint& point : curve.band) {
        for (const double end : {point.low, point.high}) {
          if (curves.IsNear(end)) y_.Include(end);
        }
      }
    }
  }

  bool IsDrawn(const v1::Point& point) const {
    return x_.Takes(static_cast<double>(point.step())) && y_.Takes(point.value());
  }

  bool IsDrawn(const MeanPoint& point) const {
    return x_.Takes(static_cast<double>(point.step)) && y_.Takes(point.low) && y_.Takes(point.high);
  }

  // The ends of the band are interpolated from point to point, dot by dot.
  void DrawBand(const Curve& curve, Canvas& canvas) const {
    const MeanPoint* before = nullptr;
    for (const MeanPoint& point : curve.band) {
      if (!IsDrawn(point)) {
        before = nullptr;
        continue;
      }
      const MeanPoint& from = before == nullptr ? point : *before;
      const int first = x_.DotOf(static_cast<double>(from.step), canvas.width());
      const int last = x_.DotOf(static_cast<double>(point.step), canvas.width());
      for (int x = first; x <= last; ++x) {
        const double share = last > first ? static_cast<double>(x - first) / (last - first) : 1;
        canvas.Shade(x, y_.DotOf(std::lerp(from.low, point.low, share), canvas.height()),
                     y_.DotOf(std::lerp(from.high, point.high, share), canvas.height()),
                     curve.style);
      }
      before = &point;
    }
  }

  void Draw(const Curve& curve, Canvas& canvas) const {
    const v1::Point* before = nullptr;
    const auto dot = [&](const v1::Point& point) {
      return Canvas::Dot{x_.DotOf(static_cast<double>(point.step()), canvas.width()),
                         y_.DotOf(point.value(), canvas.height())};
    };
    for (const v1::Point& point : curve.points) {
      if (!IsDrawn(point)) {
        before = nullptr;
        continue;
      }
      canvas.Line(dot(before == nullptr ? point : *before), dot(point), curve.style);
      before = &point;
    }
  }

  std::string Label(double share) const { return FormatValue(Rounded(y_.ValueAt(share))); }

  // Four digits are enough to read a curve by.
  static double Rounded(double value) {
    if (value == 0 || !std::isfinite(value)) return value;
    const double scale = std::pow(10, 3 - std::floor(std::log10(std::abs(value))));
    return std::round(value * scale) / scale;
  }

  std::string WithAxes(const std::vector<std::string>& rows, int label_width, int columns,
                       const Layout& layout) const {
    const std::string bar = layout.unicode ? "│" : "|";
    std::string text;
    const size_t last = rows.size() - 1;
    for (size_t i = 0; i <= last; ++i) {
      std::string label;
      if (i == 0 || i == last || i == last / 2) {
        label = Label(1 - static_cast<double>(i) / static_cast<double>(last));
      }
      absl::StrAppend(&text, Right(label, label_width), " ", bar, rows[i], "\n");
    }
    const std::string from = StepText(0), to = StepText(1);
    const int between = columns - DisplayWidth(from) - DisplayWidth(to);
    return absl::StrCat(text, std::string(static_cast<size_t>(label_width + 2), ' '), from,
                        std::string(static_cast<size_t>(std::max(1, between)), ' '), to, "\n");
  }

  std::string StepText(double share) const { return FormatFixed(x_.ValueAt(share), 0); }

  static std::string Right(const std::string& text, int width) {
    return std::string(static_cast<size_t>(std::max(0, width - DisplayWidth(text))), ' ') + text;
  }

  const std::vector<Curve>& curves_;
  const PlotStyle& style_;
  Axis x_, y_;
  int num_drawn_ = 0, num_left_out_ = 0;
};

std::string Legend(const std::vector<Curve>& curves, const Layout& layout) {
  Table table({{.header = ""},
               {.header = "RUN", .min_width = 10, .names = true},
               {.header = "LAST", .right = true},
               {.header = "LOWEST", .right = true}});
  for (const Curve& curve : curves) {
    double lowest = std::numeric_limits<double>::quiet_NaN();
    for (const v1::Point& point : curve.points) lowest = std::fmin(lowest, point.value());
    const bool empty = curve.points.empty();
    table.AddRow({Canvas::Mark(curve.style), Printable(curve.label),
                  empty ? "" : FormatValue(curve.points.back().value()),
                  empty ? "" : FormatValue(lowest)});
  }
  return table.Render(layout);
}

}  // namespace

absl::StatusOr<std::string> RenderPlot(const std::string& title, const std::vector<Curve>& curves,
                                       const PlotStyle& style, const Layout& layout) {
  const Drawing drawing(curves, style);
  if (drawing.num_drawn() == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("no point of ", title, " can be drawn",
                     style.log_x || style.log_y ? " on a logarithmic axis" : ""));
  }
  std::string text = absl::StrCat(Printable(title), "\n", drawing.Render(layout));
  if (drawing.num_left_out() > 0) {
    absl::StrAppend(
        &text, drawing.num_left_out(), drawing.num_left_out() == 1 ? " point is" : " points are",
        " not drawn: not finite",
        style.log_x || style.log_y ? ", or not above 0 on a logarithmic axis" : "", "\n");
  }
  return absl::StrCat(text, "\n", Legend(curves, layout));
}

}  // namespace fp4::client
