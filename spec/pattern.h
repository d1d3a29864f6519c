// Patterns of layers' names, as rules use them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fp4::spec {

// "blocks.{4..5}.**" in pieces.
struct Pattern {
  struct Piece {
    enum class Kind : uint8_t { kText, kStar, kRange, kChoice };
    Kind kind = Kind::kText;
    std::string text = {};                  // kText
    int64_t first = 0, last = 0;            // kRange
    std::vector<std::string> choices = {};  // kChoice
  };
  struct Segment {
    bool any_number = false;  // **
    std::vector<Piece> pieces;
  };
  std::vector<Segment> segments;
};

// INVALID_ARGUMENT says what is wrong with the pattern.
absl::StatusOr<Pattern> ParsePattern(std::string_view text);

bool Matches(const Pattern& pattern, std::string_view layer);

}  // namespace fp4::spec
