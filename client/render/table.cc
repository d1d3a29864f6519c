#include "client/render/table.h"

#include <algorithm>
#include <cassert>

namespace fp4::client {
namespace {

constexpr int kGap = 2;
constexpr int kDropped = 0;

int TotalWidth(const std::vector<int>& widths) {
  int total = 0;
  for (int width : widths) total += width == kDropped ? 0 : width + kGap;
  return std::max(0, total - kGap);
}

// Cuts the widest of the columns that may be cut, a column at a time, until the table fits or none
// is left.
void Shrink(const std::vector<Column>& columns, int width, std::vector<int>& widths) {
  while (TotalWidth(widths) > width) {
    size_t widest = columns.size();
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool can_shrink = columns[i].min_width > 0 && widths[i] > columns[i].min_width;
      if (can_shrink && (widest == columns.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == columns.size()) return;
    --widths[widest];
  }
}

void AppendCell(const Cell& cell, int width, bool right, const Layout& layout, std::string& line) {
  const std::string text = Truncate(cell.text, width, layout.unicode);
  const std::string padding(width - std::min(width, DisplayWidth(text)), ' ');
  if (right) line += padding;
  line += Colored(text, cell.color, layout.color);
  if (!right) line += padding;
}

void TrimRight(std::string& line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
}

}  // namespace

void Table::AddRow(std::vector<Cell> cells) {
  assert(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::vector<int> Table::FitWidths(int width) const {
  std::vector<int> natural(columns_.size(), kDropped);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      natural[i] = std::max(natural[i], DisplayWidth(row[i].text));
    }
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (natural[i] != kDropped) natural[i] = std::max(natural[i], DisplayWidth(columns_[i].header));
  }
  std::vector<int> widths = natural;
  while (width > 0) {
    Shrink(columns_, width, widths);
    if (TotalWidth(widths) <= width) break;
    auto drop = columns_.size();
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].drop_order == 0 || natural[i] == kDropped) continue;
      if (drop == columns_.size() || columns_[i].drop_order > columns_[drop].drop_order) drop = i;
    }
    if (drop == columns_.size()) break;
    natural[drop] = kDropped;
    widths = natural;
  }
  return widths;
}

std::string Table::Render(const Layout& layout) const {
  if (rows_.empty()) return "";
  const std::vector<int> widths = FitWidths(layout.width);
  std::string text;
  auto append_line = [&](auto cell_of) {
    std::string line;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == kDropped) continue;
      if (!line.empty()) line += std::string(kGap, ' ');
      AppendCell(cell_of(i), widths[i], columns_[i].right, layout, line);
    }
    TrimRight(line);
    text += line + "\n";
  };
  append_line([&](size_t i) { return Cell(columns_[i].header, Color::kBold); });
  for (const auto& row : rows_) append_line([&](size_t i) { return row[i]; });
  return text;
}

}  // namespace fp4::client
