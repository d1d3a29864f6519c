#include "trainer/data/window_set.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "trainer/data/split.h"

namespace fp4::trainer {
namespace {

absl::Status TooLittle(const char* part, const TokenStream& stream, int64_t sequence_length,
                       int64_t needed) {
  return absl::InvalidArgumentError(absl::StrCat(
      "data: the ", part, " data has ", stream.size(), " tokens in ", stream.num_documents(),
      " files, but needs at least ", needed, " with sequence_length ", sequence_length));
}

}  // namespace

WindowSet::WindowSet(TokenStream stream, int64_t sequence_length, spec::Window window)
    : stream_(std::move(stream)),
      stride_(window == spec::Window::kSliding ? 1 : sequence_length),
      size_(std::max<int64_t>(0, (stream_.size() - 1 - sequence_length) / stride_ + 1)) {
  if (stream_.size() < sequence_length + 1) size_ = 0;
}

absl::Status WindowSet::Copy(int64_t index, std::span<int64_t> tokens) const {
  const int64_t window = picked_.empty() ? first_ + index : picked_[static_cast<size_t>(index)];
  return stream_.Copy(window * stride_, tokens);
}

WindowSet WindowSet::Range(int64_t first, int64_t count) const {
  WindowSet range = *this;
  range.first_ = first;
  range.size_ = count;
  return range;
}

WindowSet WindowSet::Picked(std::vector<int64_t> windows) const {
  WindowSet picked = *this;
  picked.picked_ = std::move(windows);
  return picked;
}

absl::StatusOr<TrainAndValidation> SplitTail(const TokenStream& stream, int64_t sequence_length,
                                             const spec::DataSpec& data) {
  const int64_t num_disjoint = WindowSet(stream, sequence_length, spec::Window::kDisjoint).size();
  if (num_disjoint < 2) {
    return TooLittle("training and validation", stream, sequence_length, 2 * sequence_length + 1);
  }
  const WindowSet all(stream, sequence_length, data.window);
  const int64_t num_validation = NumValidationWindows(num_disjoint, data.validation_fraction);
  const int64_t boundary = (num_disjoint - num_validation) * sequence_length;  // a token
  if (data.window == spec::Window::kDisjoint) {
    const int64_t first = num_disjoint - num_validation;
    return TrainAndValidation{all.Range(0, first), all.Range(first, num_validation)};
  }
  return TrainAndValidation{all.Range(0, boundary - sequence_length + 1),
                            all.Range(boundary, all.size() - boundary)};
}

absl::StatusOr<TrainAndValidation> SplitRandomly(const TokenStream& stream, int64_t sequence_length,
                                                 const spec::DataSpec& data) {
  const WindowSet all(stream, sequence_length, data.window);
  if (all.size() < 2) {
    const int64_t more = data.window == spec::Window::kSliding ? 1 : sequence_length;
    return TooLittle("training and validation", stream, sequence_length,
                     sequence_length + 1 + more);
  }
  WindowSplit split = SplitWindowsAtRandom(all.size(), data.validation_fraction, data.seed);
  return TrainAndValidation{all.Picked(std::move(split.training)),
                            all.Picked(std::move(split.validation))};
}

absl::StatusOr<TrainAndValidation> SplitGiven(TokenStream training, TokenStream validation,
                                              int64_t sequence_length, const spec::DataSpec& data) {
  TrainAndValidation both{WindowSet(std::move(training), sequence_length, data.window),
                          WindowSet(std::move(validation), sequence_length, data.window)};
  const int64_t needed = sequence_length + 1;
  if (both.training.size() == 0) {
    return TooLittle("training", both.training.stream(), sequence_length, needed);
  }
  if (both.validation.size() == 0) {
    return TooLittle("validation", both.validation.stream(), sequence_length, needed);
  }
  return both;
}

}  // namespace fp4::trainer
