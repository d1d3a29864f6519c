// Curves in a terminal.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/plot/bands.h"
#include "client/render/table.h"
#include "fp4/v1/experiments.pb.h"

namespace fp4::client {

struct Curve {
  std::string label;
  int style = 0;                     // curves of one style have one colour and one letter
  std::vector<v1::Point> points;     // by step
  std::vector<MeanPoint> band = {};  // by step: what is shaded around the curve; empty: nothing
};

struct PlotStyle {
  bool log_x = false, log_y = false;
  int height = 16;  // lines of the drawing, without the axes; at least 2
};

// The curves over one pair of axes, the bands behind them, then a legend. The axes cover the
// curves; a band that is wider is cut. Points that are not finite, and on a logarithmic axis those
// at 0 or below, are left out and counted below the drawing; a line is not drawn across them. An
// error when no point is left.
absl::StatusOr<std::string> RenderPlot(const std::string& title, const std::vector<Curve>& curves,
                                       const PlotStyle& style, const Layout& layout);

}  // namespace fp4::client
