// What a call has to know of the whole tensor before its first unit: an amax, a mean, or all
// scales.
#include <algorithm>
#include <atomic>
#include <cmath>

#include "numerics/arithmetic/ms_eden.h"
#include "numerics/cpu/driver.h"

namespace fp4::numerics::cpu {

void Driver::Measure(std::span<const float> values) {
  values_ = values;
  measuring_ = true;
  if (job_.rule == ScaleRule::kTwoLevel)
    MeasureTwoLevel();
  else if (options_.double_quantization)
    MeasureNested();
  else if (one_block_ && job_.rule != ScaleRule::kNone)
    MeasureTensor();
  measuring_ = false;
}

uint32_t Driver::LargestBits(uint32_t (*of_values)(const float*, int64_t)) {
  std::atomic<uint32_t> bits = 0;
  auto measure = [&](const float* values, int64_t size) {
    uint32_t largest = of_values(values, size);
    uint32_t seen = bits.load(std::memory_order_relaxed);
    while (seen < largest && !bits.compare_exchange_weak(seen, largest)) {
    }
  };
  if (options_.hadamard != 0) {
    ForEachUnit([&](const Unit& unit) { measure(unit.values, unit.size()); });
    return bits.load();
  }
  // The kernel reads the quarters of a piece side by side; in pieces of this size they are far
  // enough apart for memory to deliver all four at once.
  constexpr int64_t kPiece = 1 << 16;
  parallel_((shape_.size() + kPiece - 1) / kPiece, 1, [&](int64_t begin, int64_t end) {
    for (int64_t first = begin * kPiece; begin < end; ++begin, first += kPiece) {
      measure(values_.data() + first, std::min(kPiece, shape_.size() - first));
    }
  });
  return bits.load();
}

void Driver::MeasureTwoLevel() {
  uint32_t bits = FloatBits(options_.tensor_amax);
  if (options_.tensor_amax == 0.0f) bits = LargestBits(MaxFiniteAbsBits);
  ScopedFloatMode float_mode;
  has_tensor_scale_ = true;
  tensor_scale_ = BitsFloat(bits);
  job_.two_level = MakeTwoLevelRule(tensor_scale_, job_.resolved.two_level_largest);
  job_.eden_scale = EdenTensorScale(tensor_scale_);
  job_.factor = job_.ms_eden ? job_.eden_scale : job_.two_level.decode;
}

void Driver::FixedScales::Resize(int64_t count) {
  encode.resize(static_cast<size_t>(count));
  decode.resize(static_cast<size_t>(count));
  stored.resize(static_cast<size_t>(count));
}

BlockScales Driver::FixedScales::From(int64_t block) {
  return BlockScales{encode.data(), decode.data(), stored.data()}.From(block);
}

// Finds the scales of all blocks first, and then what decoding will make of them.
void Driver::MeasureNested() {
  fixed_.Resize(grid_.count());
  ForEachUnit([&](Unit unit) {
    const int64_t count = Units::BlocksOf(unit);
    unit.scales = UnitScales(count, true);
    ScaleUnit(job_, unit);
    const BlockScales to = fixed_.From(unit.first_block);
    std::copy(unit.scales.encode, unit.scales.encode + count, to.encode);
    std::copy(unit.scales.stored, unit.scales.stored + count, to.stored);
  });
  ScopedFloatMode float_mode;
  for (size_t i = 0; i < fixed_.stored.size(); ++i) fixed_.decode[i] = BitsFloat(fixed_.stored[i]);
  nested_ = NestScales(fixed_.decode);
  UnnestScales(nested_, fixed_.decode);
}

// Finds the one scale of the tensor.
void Driver::MeasureTensor() {
  BlockStats stats;
  if (info_.scale_rule == ScaleRule::kMean) {
    stats = MeanOfTensor();
  } else {
    uint32_t bits = LargestBits(MaxAbsBits);
    stats.poisoned = bits >= kInfinityBits;
    stats.amax = stats.poisoned ? 0.0f : BitsFloat(bits);
  }
  ScopedFloatMode float_mode;
  fixed_.Resize(1);
  fixed_.From(0).Set(0, MakeBlockScale(info_, job_.resolved, stats, {}));
  if (info_.element != ElementType::kTernary) return;
  has_tensor_scale_ = true;
  tensor_scale_ = BitsFloat(fixed_.stored[0]);
}

// The sum is made in double and in the order of the elements, which is what decides its last bit;
// so it is made on one thread.
BlockStats Driver::MeanOfTensor() const {
  ScopedFloatMode float_mode;
  BlockStats stats;
  double sum = 0;
  for (int64_t index = 0; index < units_.count() && !stats.poisoned; ++index) {
    Unit unit = units_.Make(index);
    stats.poisoned = !AddMagnitudes(Prepared(unit), unit.size(), &sum);
  }
  stats.mean = sum / static_cast<double>(shape_.size());
  return stats;
}

}  // namespace fp4::numerics::cpu
