// Text on a terminal: how wide it is, how it is cut, which colour it has. UTF-8; a byte that is
// not, counts as one column.
#pragma once

#include <string>
#include <string_view>

namespace fp4::client {

enum class Color { kPlain, kDim, kBold, kRed, kGreen, kYellow, kCyan };

// Columns that `text` takes: 0 for combining marks, 2 for wide East Asian characters and emoji,
// else 1.
int DisplayWidth(std::string_view text);

// At most `width` columns of `text`, the last one "…" (or "~" without unicode) when something was
// cut.
std::string Truncate(std::string_view text, int width, bool unicode = true);

// `text` with control characters, which could move the cursor or recolour the screen, and with
// bytes that are not UTF-8 replaced by "?".
std::string Printable(std::string_view text);

// As Printable for text of several lines (the last words of a trainer): lines after the first begin
// with `indent` spaces, blank ends are cut off.
std::string PrintableLines(std::string_view text, int indent);

// `text` with line breaks at spaces so that no line has more than `width` columns (0: no limit);
// lines after the first begin with `indent` spaces, which do not count. A word that is longer than
// a line, such as a path, stays whole.
std::string Wrapped(std::string_view text, int width, int indent);

// With escape sequences around it when `enabled`.
std::string Colored(std::string_view text, Color color, bool enabled);

// "│", "±", … or their stand-ins in ASCII.
struct Glyphs {
  std::string_view plus_minus, ellipsis, bar_full, bar_empty, warning, dot;
};
const Glyphs& GlyphsFor(bool unicode);

}  // namespace fp4::client
