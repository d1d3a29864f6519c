#include "spec/pattern.h"

#include <charconv>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "spec/field.h"
#include "spec/layers.h"

namespace fp4::spec {
namespace {

using Piece = Pattern::Piece;
using Segment = Pattern::Segment;

// Positions of a text that a prefix of the pattern can end at.
using Positions = std::vector<bool>;

absl::Status Malformed(std::string_view what, std::string_view part) {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(what), ", in '", std::string(part), "'"));
}

bool ReadNumber(std::string_view text, int64_t& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && text[0] != '-' && result.ec == std::errc() &&
         result.ptr == text.data() + text.size();
}

// The text between braces.
absl::StatusOr<Piece> ParseBraces(std::string_view inner) {
  Piece piece;
  if (const size_t dots = inner.find(".."); dots != std::string_view::npos) {
    piece.kind = Piece::Kind::kRange;
    if (!ReadNumber(inner.substr(0, dots), piece.first) ||
        !ReadNumber(inner.substr(dots + 2), piece.last)) {
      return Malformed("a range is written {4..5}", inner);
    }
    if (piece.first > piece.last) return Malformed("the range is empty", inner);
    return piece;
  }
  piece.kind = Piece::Kind::kChoice;
  for (const absl::string_view choice :
       absl::StrSplit(absl::string_view(inner.data(), inner.size()), ',')) {
    if (choice.empty()) return Malformed("a choice is written {a,b}", inner);
    if (choice.find_first_of(".*{") != absl::string_view::npos) {
      return Malformed("'.', '*' and '{' are not allowed inside a choice", inner);
    }
    piece.choices.emplace_back(choice);
  }
  return piece;
}

absl::StatusOr<Segment> ParseSegment(std::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("a part between dots is empty");
  if (text == "**") return Segment{.any_number = true, .pieces = {}};
  const bool doubled = text.find("**") != std::string_view::npos;
  Segment segment;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '{') {
      const size_t close = text.find('}', i);
      if (close == std::string_view::npos) return Malformed("'{' is not closed", text);
      FP4_ASSIGN_OR_RETURN(Piece piece, ParseBraces(text.substr(i + 1, close - i - 1)));
      segment.pieces.push_back(std::move(piece));
      i = close + 1;
    } else if (doubled) {
      return Malformed("'**' stands alone between dots", text);
    } else if (text[i] == '*') {
      segment.pieces.push_back({.kind = Piece::Kind::kStar});
      ++i;
    } else if (text[i] == '}') {
      return Malformed("'}' without '{'", text);
    } else {
      const size_t end = std::min(text.find_first_of("{*}", i), text.size());
      segment.pieces.push_back(
          {.kind = Piece::Kind::kText, .text = std::string(text.substr(i, end - i))});
      i = end;
    }
  }
  return segment;
}

void Advance(const Piece& piece, std::string_view text, size_t from, Positions& after) {
  const std::string_view rest = text.substr(from);
  switch (piece.kind) {
    case Piece::Kind::kText:
      if (rest.starts_with(piece.text)) after[from + piece.text.size()] = true;
      return;
    case Piece::Kind::kStar:
      for (size_t to = from; to <= text.size(); ++to) after[to] = true;
      return;
    case Piece::Kind::kRange:
      for (size_t length = 1; length <= rest.size(); ++length) {
        int64_t value = 0;
        if (!ReadNumber(rest.substr(0, length), value)) return;
        if (value >= piece.first && value <= piece.last) after[from + length] = true;
      }
      return;
    case Piece::Kind::kChoice:
      for (const std::string& choice : piece.choices) {
        if (rest.starts_with(choice)) after[from + choice.size()] = true;
      }
      return;
  }
}

bool SegmentMatches(const Segment& segment, std::string_view text) {
  Positions reached(text.size() + 1);
  reached[0] = true;
  for (const Piece& piece : segment.pieces) {
    Positions after(text.size() + 1);
    for (size_t from = 0; from <= text.size(); ++from) {
      if (reached[from]) Advance(piece, text, from, after);
    }
    reached = std::move(after);
  }
  return reached[text.size()];
}

}  // namespace

absl::StatusOr<Pattern> ParsePattern(std::string_view text) {
  if (NumCharacters(text) > kLongestPattern)
    return absl::InvalidArgumentError(absl::StrCat("longer than ", kLongestPattern, " characters"));
  Pattern pattern;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : '.';
    if (c == '{') ++depth;
    if (c == '}') --depth;
    // A dot within braces belongs to a range.
    if (i == text.size() || (c == '.' && depth <= 0)) {
      FP4_ASSIGN_OR_RETURN(Segment segment, ParseSegment(text.substr(begin, i - begin)));
      pattern.segments.push_back(std::move(segment));
      begin = i + 1;
    }
  }
  return pattern;
}

bool Matches(const Pattern& pattern, std::string_view layer) {
  const std::vector<std::string> names =
      absl::StrSplit(absl::string_view(layer.data(), layer.size()), '.');
  Positions reached(names.size() + 1);
  reached[0] = true;
  for (const Segment& segment : pattern.segments) {
    Positions after(names.size() + 1);
    for (size_t from = 0; from <= names.size(); ++from) {
      if (!reached[from]) continue;
      if (segment.any_number) {
        for (size_t to = from; to <= names.size(); ++to) after[to] = true;
      } else if (from < names.size() && SegmentMatches(segment, names[from])) {
        after[from + 1] = true;
      }
    }
    reached = std::move(after);
  }
  return reached[names.size()];
}

bool PatternMatches(std::string_view pattern, std::string_view layer) {
  absl::StatusOr<Pattern> parsed = ParsePattern(pattern);
  return parsed.ok() && Matches(*parsed, layer);
}

}  // namespace fp4::spec
