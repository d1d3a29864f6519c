#include "trainer/data/split.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "trainer/data/window_order.h"

namespace fp4::trainer {
namespace {

constexpr size_t kHashDigits = 13;  // 52 bits: exact in a double

double HashFraction(const std::string& sha256) {
  uint64_t value = 0;
  std::from_chars(sha256.data(), sha256.data() + kHashDigits, value, 16);
  return static_cast<double>(value) / static_cast<double>(uint64_t{1} << (4 * kHashDigits));
}

void SetWhereEqual(std::span<const std::string> sha256s, const std::string& which, bool value,
                   std::vector<bool>& chosen) {
  for (size_t i = 0; i < sha256s.size(); ++i) {
    if (sha256s[i] == which) chosen[i] = value;
  }
}

}  // namespace

absl::StatusOr<std::vector<bool>> ChooseValidationDocuments(std::span<const std::string> sha256s,
                                                            double fraction) {
  const auto [lowest, highest] = std::minmax_element(sha256s.begin(), sha256s.end());
  if (sha256s.empty() || *lowest == *highest) {
    return absl::InvalidArgumentError(absl::StrCat(
        "data.split: 'document' needs at least 2 different files, but data.paths names ",
        sha256s.size(), sha256s.size() > 1 ? " of equal content" : "",
        "; give more files, data.validation_paths, or split 'window'"));
  }
  std::vector<bool> chosen;
  for (const std::string& sha256 : sha256s) chosen.push_back(HashFraction(sha256) < fraction);
  SetWhereEqual(sha256s, *lowest, true, chosen);
  SetWhereEqual(sha256s, *highest, false, chosen);
  return chosen;
}

int64_t NumValidationWindows(int64_t num_windows, double fraction) {
  const auto wanted = std::llround(fraction * static_cast<double>(num_windows));
  return std::clamp<int64_t>(wanted, 1, num_windows - 1);
}

WindowSplit SplitWindowsAtRandom(int64_t num_windows, double fraction, uint64_t seed) {
  std::vector<bool> validates(static_cast<size_t>(num_windows));
  const WindowOrder order(num_windows, /*shuffle=*/true, seed);
  const int64_t num_validation = NumValidationWindows(num_windows, fraction);
  for (int64_t i = 0; i < num_validation; ++i) validates[static_cast<size_t>(order.At(i))] = true;
  WindowSplit split;
  for (int64_t window = 0; window < num_windows; ++window) {
    (validates[static_cast<size_t>(window)] ? split.validation : split.training).push_back(window);
  }
  return split;
}

}  // namespace fp4::trainer
