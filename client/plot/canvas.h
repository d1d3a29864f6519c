// A drawing of points and lines in the cells of a terminal.
#pragma once

#include <string>
#include <vector>

#include "client/render/table.h"

namespace fp4::client {

// With unicode each cell holds 2 x 4 dots of a braille character, in ASCII one mark. Styles are
// told apart by colour, and without colour, where there are several curves, by their letter. Not
// thread-safe.
class Canvas {
 public:
  // `columns`, `rows` of cells, at least 1 each.
  Canvas(int columns, int rows, const Layout& layout, bool several);

  // Dots across and down.
  int width() const { return columns_ * dots_across_; }
  int height() const { return rows_ * dots_down_; }

  // From dot to dot, both ends drawn; the origin is below left, and dots outside are left out.
  // What is drawn later covers what was there.
  struct Dot {
    int x = 0, y = 0;
  };
  void Line(Dot from, Dot to, int style);

  // The dots of a column from `low` to `high`, every second one, so that what lies on them is seen;
  // without braille a full stop in each empty cell.
  void Shade(int x, int low, int high, int style);

  // Without newlines, the top one first.
  std::vector<std::string> Rows() const;

  // "a" and its colour, as the legend shows them.
  static Cell Mark(int style);

 private:
  struct Content {
    int dots = 0;    // bits of the braille character
    int style = -1;  // of what was drawn last; -1: empty
    int shade = -1;  // without braille, of the area that the cell lies in; -1: none
  };
  // Of a cell, rows counted from the top.
  size_t Index(int row, int column) const {
    return static_cast<size_t>(row) * static_cast<size_t>(columns_) + static_cast<size_t>(column);
  }
  void Set(int x, int y, int style);
  std::string Text(const Content& cell) const;

  const int columns_, rows_;
  const bool color_, braille_;
  const int dots_across_, dots_down_;
  std::vector<Content> cells_;
};

}  // namespace fp4::client
