#include "spec/advice/move.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace fp4::spec {

std::string_view MoveKindName(MoveKind kind) {
  switch (kind) {
    case MoveKind::kBits:
      return "bits";
    case MoveKind::kUnits:
      return "units";
    case MoveKind::kLayer:
      return "layer";
  }
  return "";
}

std::string Move::name() const {
  // Names of variants have no asterisk.
  const std::string place = absl::StrReplaceAll(layer, {{"*", "all"}});
  switch (kind) {
    case MoveKind::kBits:
      return absl::StrCat(place, "-as-", recipe);
    case MoveKind::kUnits:
      return absl::StrCat(place, "-plus-", units);
    case MoveKind::kLayer:
      return absl::StrCat(place, "-and-another");
  }
  return "";
}

double PredictedMove::gain_per_byte() const {
  return gain / static_cast<double>(std::max<int64_t>(extra_bytes, 1));
}

void SortMoves(std::vector<PredictedMove>& moves) {
  std::map<std::string, double> largest;
  for (const PredictedMove& move : moves) {
    const auto [at, added] = largest.try_emplace(move.move.layer, move.gain);
    at->second = std::max(at->second, move.gain);
  }
  const auto key = [&largest](const PredictedMove& move) {
    return std::make_tuple(-largest[move.move.layer], move.move.layer, -move.gain_per_byte());
  };
  std::ranges::stable_sort(moves, {}, key);
}

std::string FormatMoves(const std::vector<PredictedMove>& moves) {
  size_t width = 4;
  for (const PredictedMove& predicted : moves)
    width = std::max(width, predicted.move.name().size());
  const int column = static_cast<int>(width);
  std::string text = absl::StrFormat("%-*s  %12s  %21s  %13s\n", column, "move", "extra bytes",
                                     "predicted gain", "gain per byte");
  for (const PredictedMove& predicted : moves) {
    const std::string gain =
        absl::StrFormat("%+.2e (%.0e)", predicted.gain, predicted.standard_error);
    absl::StrAppend(&text,
                    absl::StrFormat("%-*s  %12d  %21s  %+13.2e\n", column, predicted.move.name(),
                                    predicted.extra_bytes, gain, predicted.gain_per_byte()));
  }
  return text;
}

}  // namespace fp4::spec
