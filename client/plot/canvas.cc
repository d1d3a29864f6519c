#include "client/plot/canvas.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace fp4::client {
namespace {

constexpr Color kColors[] = {Color::kCyan, Color::kYellow, Color::kGreen,
                             Color::kRed,  Color::kBold,   Color::kPlain};
constexpr int kNumLetters = 26;

// Unicode's braille patterns: the bit of the dot in column x, row y from the top.
constexpr int kDotBits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

// U+2800 + bits in UTF-8.
std::string Braille(int bits) {
  const unsigned code = 0x2800u + static_cast<unsigned>(bits);
  return {static_cast<char>(0xE0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 0x3F)),
          static_cast<char>(0x80 | (code & 0x3F))};
}

}  // namespace

Canvas::Canvas(int columns, int rows, const Layout& layout, bool several)
    : columns_(columns),
      rows_(rows),
      color_(layout.color),
      braille_(layout.unicode && (layout.color || !several)),
      dots_across_(braille_ ? 2 : 1),
      dots_down_(braille_ ? 4 : 1),
      cells_(static_cast<size_t>(columns) * static_cast<size_t>(rows)) {}

void Canvas::Set(int x, int y, int style) {
  if (x < 0 || y < 0 || x >= width() || y >= height()) return;
  const int from_top = height() - 1 - y;
  Content& cell = cells_[Index(from_top / dots_down_, x / dots_across_)];
  cell.dots |= kDotBits[from_top % dots_down_][x % dots_across_];
  cell.style = style;
}

// Bresenham's algorithm.
void Canvas::Line(Dot from, Dot to, int style) {
  const int dx = std::abs(to.x - from.x), dy = -std::abs(to.y - from.y);
  const int step_x = from.x < to.x ? 1 : -1, step_y = from.y < to.y ? 1 : -1;
  int error = dx + dy;
  for (Dot at = from;;) {
    Set(at.x, at.y, style);
    if (at.x == to.x && at.y == to.y) return;
    const int doubled = 2 * error;
    if (doubled >= dy) {
      error += dy;
      at.x += step_x;
    }
    if (doubled <= dx) {
      error += dx;
      at.y += step_y;
    }
  }
}

void Canvas::Shade(int x, int low, int high, int style) {
  if (x < 0 || x >= width()) return;
  for (int y = std::max(0, low); y <= std::min(height() - 1, high); ++y) {
    if (!braille_) {
      cells_[Index((height() - 1 - y) / dots_down_, x / dots_across_)].shade = style;
    } else if ((x + y) % 2 == 0) {
      Set(x, y, style);
    }
  }
}

std::string Canvas::Text(const Content& cell) const {
  if (cell.style < 0 && cell.shade >= 0) return Colored(".", Mark(cell.shade).color, color_);
  if (cell.style < 0) return " ";
  const Cell mark = Mark(cell.style);
  return Colored(braille_ ? Braille(cell.dots) : mark.text, mark.color, color_);
}

std::vector<std::string> Canvas::Rows() const {
  std::vector<std::string> rows;
  for (int row = 0; row < rows_; ++row) {
    std::string text;
    for (int column = 0; column < columns_; ++column) {
      text += Text(cells_[Index(row, column)]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    rows.push_back(std::move(text));
  }
  return rows;
}

Cell Canvas::Mark(int style) {
  return {std::string(1, static_cast<char>('a' + style % kNumLetters)),
          kColors[static_cast<size_t>(style) % std::size(kColors)]};
}

}  // namespace fp4::client
