#pragma once

#include <string>
#include <vector>

#include "client/render/text.h"

namespace fp4::client {

struct Cell {
  Cell(std::string text, Color color = Color::kPlain) : text(std::move(text)), color(color) {}
  Cell(const char* text) : text(text) {}
  std::string text;
  Color color = Color::kPlain;
};

struct Column {
  std::string header;
  bool right = false;  // numbers stand at the right
  int min_width = 0;   // may be cut down to this many columns; 0: is never cut
  int drop_order = 0;  // left out when all else fails, highest first; 0: never
  bool names = false;  // is cut so that different texts stay different
};

// How a table may look; width 0: as wide as it likes.
struct Layout {
  int width = 0;
  bool color = false;
  bool unicode = true;
};

// Rows of cells in columns, two spaces between them. Columns without any text are left out.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as there are columns.
  void AddRow(std::vector<Cell> cells);

  bool empty() const { return rows_.empty(); }

  // Lines with a newline each, the header first. No line is wider than the layout's width: where
  // the columns that may be neither cut nor left out are too wide together, each row becomes a
  // block of lines "HEADER  value".
  std::string Render(const Layout& layout) const;

 private:
  std::vector<int> FitWidths(int width) const;
  std::vector<std::vector<std::string>> CutTexts(const std::vector<int>& widths,
                                                 const Layout& layout) const;
  std::string RenderBlocks(const Layout& layout) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace fp4::client
