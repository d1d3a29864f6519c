// Which part of the data validates. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fp4::trainer {

// For each document whether it validates: those whose sha256, its first 52 bits read as a fraction
// of 1, lies below `fraction`; so the choice depends on nothing but the content, and equal
// documents stay together. When that leaves a side empty, the documents with the lowest (highest)
// hash change sides; INVALID_ARGUMENT when all documents are equal or there is one only.
absl::StatusOr<std::vector<bool>> ChooseValidationDocuments(std::span<const std::string> sha256s,
                                                            double fraction);

// How many of `num_windows` >= 2 validate: fraction * num_windows rounded to nearest, at least 1 a
// side.
int64_t NumValidationWindows(int64_t num_windows, double fraction);

// The published split: validation windows drawn at random by `seed` from all. Both lists ascend.
struct WindowSplit {
  std::vector<int64_t> training, validation;
};
WindowSplit SplitWindowsAtRandom(int64_t num_windows, double fraction, uint64_t seed);

}  // namespace fp4::trainer
