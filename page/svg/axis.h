// One axis of a chart: from values to shares of its length, and where its ticks stand. Not
// thread-safe.
#pragma once

#include <string>
#include <vector>

namespace fp4::page::svg {

struct Tick {
  double value = 0;
  std::string label;
};

class Axis {
 public:
  explicit Axis(std::string title, bool logarithmic = false)
      : title_(std::move(title)), logarithmic_(logarithmic) {}

  // Whether the value has a place on the axis: finite, and above 0 on a logarithmic one.
  bool Takes(double value) const;
  // Makes room for the value; one that it does not take is left out.
  void Include(double value);
  // Moves both ends outwards by that share of the length.
  void Pad(double share);
  bool empty() const { return low_ > high_; }

  // 0 at the low end, 1 at the high end; 0.5 for a value that is the only one, and for none.
  double Share(double value) const;

  // About `most` ticks or fewer, at least one where the axis is not empty: multiples of 1, 2 or 5
  // times a power of ten; on a logarithmic axis over more than a decade powers of ten, thinned
  // where they are many.
  std::vector<Tick> Ticks(int most) const;

  const std::string& title() const { return title_; }

 private:
  double Mapped(double value) const;
  std::vector<Tick> PowerTicks(int most) const;

  std::string title_;
  bool logarithmic_;
  double low_ = 1, high_ = 0;  // mapped; low above high: nothing included yet
};

}  // namespace fp4::page::svg
