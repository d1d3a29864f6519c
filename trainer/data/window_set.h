#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "trainer/data/dataset.h"
#include "trainer/data/token_stream.h"

namespace fp4::trainer {

// Windows of T + 1 tokens over a stream; window j starts at token j * stride.
class WindowSet {
 public:
  WindowSet() = default;

  // All windows of `stream`.
  WindowSet(TokenStream stream, int64_t sequence_length, spec::Window window);

  int64_t size() const { return picked_.empty() ? size_ : static_cast<int64_t>(picked_.size()); }
  const TokenStream& stream() const { return stream_; }
  // Writes the T + 1 tokens of window `index`; the errors are TokenStream::Copy's.
  absl::Status Copy(int64_t index, std::span<int64_t> tokens) const;

  // Windows `first` … first + count - 1 of these, and the windows listed.
  WindowSet Range(int64_t first, int64_t count) const;
  WindowSet Picked(std::vector<int64_t> windows) const;

 private:
  TokenStream stream_;
  int64_t stride_ = 1;
  int64_t first_ = 0;
  int64_t size_ = 0;
  std::vector<int64_t> picked_;  // empty: all
};

struct TrainAndValidation {
  WindowSet training, validation;
  const WindowSet& operator[](Part part) const {
    return part == Part::kTraining ? training : validation;
  }
};

// Cuts one stream in two: the last windows validate, a `fraction` of all disjoint windows. The two
// parts share no more than the one token where they meet, with stride 1 too. INVALID_ARGUMENT with
// the numbers when there are not two windows.
absl::StatusOr<TrainAndValidation> SplitTail(const TokenStream& stream, int64_t sequence_length,
                                             const spec::DataSpec& data);

// The published split: windows drawn at random.
absl::StatusOr<TrainAndValidation> SplitRandomly(const TokenStream& stream, int64_t sequence_length,
                                                 const spec::DataSpec& data);

// Two streams of their own. INVALID_ARGUMENT when one is too short for a window.
absl::StatusOr<TrainAndValidation> SplitGiven(TokenStream training, TokenStream validation,
                                              int64_t sequence_length, const spec::DataSpec& data);

}  // namespace fp4::trainer
