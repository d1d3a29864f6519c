#include "page/svg/scatter_chart.h"

#include <algorithm>
#include <ranges>

#include "absl/strings/str_cat.h"
#include "page/svg/markup.h"
#include "page/svg/numbers.h"

namespace fp4::page::svg {
namespace {

constexpr int kHeight = 240, kLineHeight = 14;
constexpr size_t kMostNames = 12, kMostPointLetters = 20;

class ScatterDrawing {
 public:
  explicit ScatterDrawing(const ScatterChart& chart)
      : chart_(chart), x_(chart.x_title, chart.log_x), y_(chart.y_title) {
    for (const ScatterPoint& point : chart.points) {
      if (!x_.Takes(point.x) || !y_.Takes(point.y)) continue;
      points_.push_back(point);
      x_.Include(point.x);
      y_.Include(point.y);
    }
    x_.Pad(0.06);
    y_.Pad(0.08);
  }

  bool empty() const { return points_.empty(); }

  std::string Render() const {
    std::string dots;
    for (const ScatterPoint& point : points_) {
      dots += Dot(SpotOf(point), 5,
                  absl::StrCat(point.on_front ? "dot " : "ring ", StyleClass(point.style)),
                  absl::StrCat(point.name, ": ", chart_.x_title, " ", ValueText(point.x), ", ",
                               chart_.y_title, " ", ValueText(point.y)));
    }
    return Draw({.label = chart_.label, .height = kHeight},
                absl::StrCat(Grid(x_, y_), Stretched(Front()), dots, Names()));
  }

 private:
  Spot SpotOf(const ScatterPoint& point) const { return {x_.Share(point.x), y_.Share(point.y)}; }

  std::string Front() const {
    std::vector<ScatterPoint> front;
    std::ranges::copy_if(points_, std::back_inserter(front), &ScatterPoint::on_front);
    std::ranges::sort(front, {}, &ScatterPoint::x);
    std::vector<Spot> spots;
    for (const ScatterPoint& point : front) {
      const Spot spot = SpotOf(point);
      if (!spots.empty()) spots.push_back({spot.x, spots.back().y});
      spots.push_back(spot);
    }
    return Path(spots, "front");
  }

  // Where the names stand, from the top down: each at its dot's height or as near below the name
  // above it as it may be, then those that would leave the picture moved up again.
  std::vector<int> Baselines(const std::vector<ScatterPoint>& sorted) const {
    std::vector<int> baselines;
    int least = kLineHeight;
    for (const ScatterPoint& point : sorted) {
      baselines.push_back(std::max(least, static_cast<int>((1 - SpotOf(point).y) * kHeight) + 4));
      least = baselines.back() + kLineHeight;
    }
    int most = kHeight - 2;
    for (int& baseline : std::views::reverse(baselines)) {
      baseline = std::min(baseline, most);
      most = baseline - kLineHeight;
    }
    return baselines;
  }

  std::string Names() const {
    if (points_.size() > kMostNames) return "";
    std::vector<ScatterPoint> sorted = points_;
    std::ranges::sort(sorted, std::ranges::greater(), &ScatterPoint::y);
    const std::vector<int> baselines = Baselines(sorted);
    const std::string space = "\u00A0\u00A0\u00A0";
    std::string text;
    for (size_t i = 0; i < sorted.size(); ++i) {
      const double x = SpotOf(sorted[i]).x;
      const bool left = x > 0.55;
      const std::string name = ShortName(sorted[i].name, kMostPointLetters);
      text += TextAt(x, baselines[i], left ? name + space : space + name, "name",
                     left ? "end" : "start");
    }
    return text;
  }

  const ScatterChart& chart_;
  Axis x_, y_;
  std::vector<ScatterPoint> points_;
};

}  // namespace

std::string DrawScatterChart(const ScatterChart& chart) {
  const ScatterDrawing drawing(chart);
  return drawing.empty() ? "" : drawing.Render();
}

}  // namespace fp4::page::svg
