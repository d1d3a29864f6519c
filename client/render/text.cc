#include "client/render/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace fp4::client {
namespace {

struct Range {
  uint32_t first, last;
};

// The ranges of Unicode 14's East Asian Width W and F, and of its non-spacing marks, that names and
// messages may hold.
constexpr std::array<Range, 12> kWide = {{{0x1100, 0x115f},
                                          {0x2e80, 0x303e},
                                          {0x3041, 0x33ff},
                                          {0x3400, 0x4dbf},
                                          {0x4e00, 0x9fff},
                                          {0xa000, 0xa4cf},
                                          {0xac00, 0xd7a3},
                                          {0xf900, 0xfaff},
                                          {0xfe30, 0xfe6f},
                                          {0xff00, 0xff60},
                                          {0x1f300, 0x1faff},
                                          {0x20000, 0x3fffd}}};
constexpr std::array<Range, 9> kZeroWidth = {{{0x0300, 0x036f},
                                              {0x0483, 0x0489},
                                              {0x0591, 0x05bd},
                                              {0x064b, 0x065f},
                                              {0x1ab0, 0x1aff},
                                              {0x1dc0, 0x1dff},
                                              {0x200b, 0x200f},
                                              {0x20d0, 0x20ff},
                                              {0xfe00, 0xfe0f}}};

template <size_t kSize>
bool Contains(const std::array<Range, kSize>& ranges, uint32_t code) {
  return std::any_of(ranges.begin(), ranges.end(), [code](const Range& range) {
    return range.first <= code && code <= range.last;
  });
}

struct Character {
  size_t bytes = 1;
  int width = 1;
  uint32_t code = 0;  // 0 for a byte that begins no character
};

// The character at the beginning of `text`, which is not empty.
Character FirstCharacter(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t bytes = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (lead < 0x80) return {1, 1, lead};
  if (bytes == 1 || bytes > text.size()) return {};
  uint32_t code = lead & (0xffu >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80) return {};
    code = code << 6 | (next & 0x3f);
  }
  return {bytes, Contains(kZeroWidth, code) ? 0 : Contains(kWide, code) ? 2 : 1, code};
}

std::string_view CodeOf(Color color) {
  switch (color) {
    case Color::kPlain:
      return "";
    case Color::kDim:
      return "2";
    case Color::kBold:
      return "1";
    case Color::kRed:
      return "31";
    case Color::kGreen:
      return "32";
    case Color::kYellow:
      return "33";
    case Color::kCyan:
      return "36";
  }
  return "";
}

}  // namespace

int DisplayWidth(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    width += character.width;
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string Truncate(std::string_view text, int width, bool unicode) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width <= 0) return "";
  size_t kept = 0;
  int used = 0;
  while (kept < text.size()) {
    const Character character = FirstCharacter(text.substr(kept));
    if (used + character.width > width - 1) break;
    used += character.width;
    kept += character.bytes;
  }
  return std::string(text.substr(0, kept)) + std::string(GlyphsFor(unicode).ellipsis);
}

std::string Printable(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    const uint32_t code = character.code;
    const bool control = (code < 0x20 && code != '\t') || (code >= 0x7f && code < 0xa0);
    clean += control ? "?" : std::string(text.substr(0, character.bytes));
    text.remove_prefix(character.bytes);
  }
  return clean;
}

std::string PrintableLines(std::string_view text, int indent) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::string lines;
  while (true) {
    const size_t end = text.find('\n');
    lines += Printable(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    lines += "\n" + std::string(indent, ' ');
    text.remove_prefix(end + 1);
  }
}

std::string Wrapped(std::string_view text, int width, int indent) {
  if (width <= 0) return std::string(text);
  std::string lines;
  int used = 0;
  while (!text.empty()) {
    // A word with the spaces in front of it: those between columns stay as they are.
    size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) begin = text.size();
    const size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const int spaces = static_cast<int>(begin), columns = DisplayWidth(word);
    if (used > 0 && used + spaces + columns > width) {
      lines += "\n" + std::string(indent, ' ');
      used = 0;
    } else {
      lines += std::string(spaces, ' ');
      used += spaces;
    }
    lines += word;
    used += columns;
    text.remove_prefix(end);
    if (text.starts_with('\n')) {
      lines += "\n";
      used = 0;
      text.remove_prefix(1);
    }
  }
  return lines;
}

std::string Colored(std::string_view text, Color color, bool enabled) {
  if (!enabled || color == Color::kPlain || text.empty()) return std::string(text);
  return "\x1b[" + std::string(CodeOf(color)) + "m" + std::string(text) + "\x1b[0m";
}

const Glyphs& GlyphsFor(bool unicode) {
  static constexpr Glyphs kUnicode{"±", "…", "━", "─", "⚠", "·"};
  static constexpr Glyphs kAscii{"+-", "~", "#", "-", "!", "-"};
  return unicode ? kUnicode : kAscii;
}

}  // namespace fp4::client
