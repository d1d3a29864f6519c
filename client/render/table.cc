#include "client/render/table.h"

#include <algorithm>
#include <cassert>

#include "client/render/cut_names.h"

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

void AppendCell(const std::string& text, Color color, int width, bool right, const Layout& layout,
                std::string& line) {
  const std::string padding(width - std::min(width, DisplayWidth(text)), ' ');
  if (right) line += padding;
  line += Colored(text, color, layout.color);
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

std::vector<std::vector<std::string>> Table::CutTexts(const std::vector<int>& widths,
                                                      const Layout& layout) const {
  std::vector<std::vector<std::string>> texts(rows_.size(),
                                              std::vector<std::string>(columns_.size()));
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (widths[i] == kDropped) continue;
    std::vector<std::string> column;
    for (const auto& row : rows_) column.push_back(row[i].text);
    if (columns_[i].names) column = CutNames(column, widths[i], layout.unicode);
    for (size_t row = 0; row < rows_.size(); ++row) {
      texts[row][i] = Truncate(column[row], widths[i], layout.unicode);
    }
  }
  return texts;
}

std::string Table::RenderBlocks(const Layout& layout) const {
  size_t indent = 0;
  for (const Column& column : columns_) {
    indent = std::max(indent, std::min<size_t>(column.header.size(), layout.width / 2) + kGap);
  }
  std::string text;
  for (const auto& row : rows_) {
    if (!text.empty()) text += "\n";
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (row[i].text.empty()) continue;
      std::string name =
          Truncate(columns_[i].header, static_cast<int>(indent) - kGap, layout.unicode);
      const std::string padding(indent - DisplayWidth(name), ' ');
      const std::string value =
          Wrapped(row[i].text, layout.width - static_cast<int>(indent), static_cast<int>(indent));
      text += Colored(name, Color::kBold, layout.color) + padding +
              Colored(value, row[i].color, layout.color) + "\n";
    }
  }
  return text;
}

std::string Table::Render(const Layout& layout) const {
  if (rows_.empty()) return "";
  const std::vector<int> widths = FitWidths(layout.width);
  if (layout.width > 0 && TotalWidth(widths) > layout.width) return RenderBlocks(layout);
  std::string text;
  auto append_line = [&](auto text_of, auto color_of) {
    std::string line;
    bool first = true;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == kDropped) continue;
      if (!first) line += std::string(kGap, ' ');
      first = false;
      AppendCell(text_of(i), color_of(i), widths[i], columns_[i].right, layout, line);
    }
    TrimRight(line);
    text += line + "\n";
  };
  append_line([&](size_t i) { return Truncate(columns_[i].header, widths[i], layout.unicode); },
              [](size_t) { return Color::kBold; });
  const auto texts = CutTexts(widths, layout);
  for (size_t row = 0; row < rows_.size(); ++row) {
    append_line([&](size_t i) { return texts[row][i]; },
                [&](size_t i) { return rows_[row][i].color; });
  }
  return text;
}

}  // namespace fp4::client
