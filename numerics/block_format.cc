#include "numerics/block_format.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "numerics/arithmetic/dynamic_map.h"
#include "numerics/arithmetic/elements.h"
#include "numerics/arithmetic/float_mode.h"
#include "numerics/arithmetic/hadamard.h"
#include "numerics/arithmetic/ms_eden.h"
#include "numerics/arithmetic/packing.h"
#include "numerics/arithmetic/random.h"

namespace fp4::numerics {
namespace {

float BitsPerScale(ScaleType type) {
  switch (type) {
    case ScaleType::kFp32:
      return 32;
    case ScaleType::kE4M3:
    case ScaleType::kE8M0:
      return 8;
    case ScaleType::kNone:
      break;
  }
  return 0;
}

bool KeepsTensorScale(const FormatInfo& info) {
  return info.scale_rule == ScaleRule::kTwoLevel || info.element == ElementType::kTernary;
}

BlockStats StatsOf(const BlockGrid& grid, int64_t block, std::span<const float> values) {
  BlockStats stats;
  double sum = 0;
  int64_t count = 0;
  grid.ForEachRun(block, [&](int64_t begin, int64_t length) {
    for (int64_t i = begin; i < begin + length; ++i) {
      if (!IsFinite(values[i])) {
        stats.poisoned = true;
        continue;
      }
      stats.amax = std::max(stats.amax, std::fabs(values[i]));
      sum += std::fabs(values[i]);
      ++count;
    }
  });
  stats.mean = count > 0 ? sum / static_cast<double>(count) : 0.0;
  return stats;
}

BlockScale PlainScale(const FormatInfo& info, const ResolvedOptions& resolved,
                      const BlockStats& stats, const TwoLevelRule& two_level) {
  float amax = Min(stats.amax * resolved.headroom, kFloatMax);
  switch (info.scale_rule) {
    case ScaleRule::kReciprocal:
      return ReciprocalScale(amax, stats.poisoned);
    case ScaleRule::kDivided:
      return DividedScale(amax, stats.poisoned, info.max_value);
    case ScaleRule::kPowerOfTwo:
      return PowerOfTwoScale(amax, stats.poisoned, resolved.power_of_two);
    case ScaleRule::kTwoLevel:
      return TwoLevelScale(amax, stats.poisoned, two_level, 1.0f);
    case ScaleRule::kMean:
      return MeanScale(info.element, static_cast<float>(stats.mean), stats.poisoned);
    case ScaleRule::kNone:
      break;
  }
  return {};
}

// One tensor being encoded: the blocks in order, and what is known of the tensor between them.
class Encoder {
 public:
  Encoder(const FormatInfo& info, const QuantizeOptions& options, MatrixShape shape,
          std::span<const float> values)
      : info_(info),
        options_(options),
        resolved_(Resolve(info, options)),
        values_(values),
        grid_(MakeBlockGrid(resolved_.block, shape)),
        key_(RandomKey(options.seed, options.stream)),
        codes_(values.size()) {
    result_.shape = shape;
  }

  Quantized Run() {
    if (resolved_.block.kind == BlockShape::Kind::kElement) {
      for (size_t i = 0; i < values_.size(); ++i)
        codes_[i] = Code({values_[i], values_[i]}, static_cast<int64_t>(i));
    } else {
      if (info_.scale_rule == ScaleRule::kTwoLevel) SetTensorScale();
      scales_.resize(static_cast<size_t>(grid_.count()));
      for (int64_t block = 0; block < grid_.count(); ++block) EncodeBlock(block);
      if (options_.ms_eden) CorrectScales();
      StoreScales();
    }
    result_.codes = PackCodes(codes_, info_.bits_per_element, HighNibbleFirst(info_.element));
    return std::move(result_);
  }

 private:
  uint32_t Code(ScaledElement x, int64_t element) const {
    if (options_.rounding == Rounding::kNearest) return EncodeNearest(info_.element, x);
    return EncodeStochastic(info_.element, x,
                            RandomBits(key_, options_.step, static_cast<uint64_t>(element)));
  }

  void SetTensorScale() {
    float amax = options_.tensor_amax;
    if (amax == 0.0f) {
      for (float value : values_) {
        if (IsFinite(value)) amax = std::max(amax, std::fabs(value));
      }
    }
    result_.has_tensor_scale = true;
    result_.tensor_scale = amax;
    two_level_ = MakeTwoLevelRule(amax, resolved_.two_level_largest);
  }

  void EncodeBlock(int64_t block) {
    BlockStats stats = StatsOf(grid_, block, values_);
    BlockScale scale = options_.ms_eden ? EdenScale(stats.amax, stats.poisoned,
                                                    EdenTensorScale(result_.tensor_scale))
                                        : MakeBlockScale(info_, resolved_, stats, two_level_);
    if (options_.four_over_six != FourOverSix::kOff && !scale.poisoned) {
      BlockScale four = TwoLevelScale(Headroom(stats.amax), false, two_level_, 1.5f);
      if (Error(block, four) < Error(block, scale)) scale = four;
    }
    scales_[static_cast<size_t>(block)] = scale;
    grid_.ForEachRun(block, [&](int64_t begin, int64_t length) {
      for (int64_t i = begin; i < begin + length; ++i) {
        codes_[i] = scale.poisoned ? 0 : Code(ApplyScale(values_[i], scale, info_.scale_rule), i);
      }
    });
  }

  float Headroom(float amax) const { return Min(amax * resolved_.headroom, kFloatMax); }

  // What four-over-six compares: how much encoding the block with `scale` loses, summed in fp32 in
  // the order of the elements and in the units of TwoLevelRule.
  float Error(int64_t block, const BlockScale& scale) const {
    float sum = 0.0f;
    grid_.ForEachRun(block, [&](int64_t begin, int64_t length) {
      for (int64_t i = begin; i < begin + length; ++i) {
        uint32_t code =
            EncodeNearest(info_.element, ApplyScale(values_[i], scale, info_.scale_rule));
        float decoded = ElementValue(info_.element, code) * scale.decode * two_level_.decode_units;
        float error = decoded - values_[i] * two_level_.to_units;
        sum += options_.four_over_six == FourOverSix::kMse ? error * error : Abs(error);
      }
    });
    return sum;
  }

  void CorrectScales() {
    for (size_t begin = 0; begin < values_.size(); begin += kEdenGroup) {
      float xx[kEdenBlock] = {}, xq[kEdenBlock] = {};
      for (size_t i = 0; i < kEdenGroup; ++i) {
        const BlockScale& scale = scales_[(begin + i) / kEdenBlock];
        float x = scale.poisoned ? 0.0f : values_[begin + i] * scale.encode;
        xx[i % kEdenBlock] += x * x;
        xq[i % kEdenBlock] += x * E2M1Value(codes_[begin + i]);
      }
      float correction = EdenCorrection(FoldPartialSums(xx), FoldPartialSums(xq));
      for (size_t i = 0; i < kEdenGroup; i += kEdenBlock) {
        BlockScale& scale = scales_[(begin + i) / kEdenBlock];
        scale = EdenCorrectedScale(scale, correction, RandomBits(key_, options_.step, begin + i));
      }
    }
  }

  void StoreScales() {
    if (info_.element == ElementType::kTernary) {
      result_.has_tensor_scale = true;
      result_.tensor_scale = BitsFloat(scales_[0].stored);
      return;
    }
    if (options_.double_quantization) {
      std::vector<float> absmax;
      absmax.reserve(scales_.size());
      for (const BlockScale& scale : scales_) absmax.push_back(BitsFloat(scale.stored));
      NestedScales nested = NestScales(absmax);
      result_.scales = std::move(nested.codes);
      result_.scale_scales = std::move(nested.scales);
      result_.scale_offset = nested.offset;
      return;
    }
    std::vector<uint32_t> stored;
    stored.reserve(scales_.size());
    for (const BlockScale& scale : scales_) stored.push_back(scale.stored);
    result_.scales = PackCodes(stored, static_cast<int>(BitsPerScale(info_.scale_type)), false);
  }

  const FormatInfo& info_;
  const QuantizeOptions& options_;
  const ResolvedOptions resolved_;
  const std::span<const float> values_;
  const BlockGrid grid_;
  const uint64_t key_;
  std::vector<uint32_t> codes_;
  std::vector<BlockScale> scales_;
  TwoLevelRule two_level_;
  Quantized result_;
};

}  // namespace

std::vector<float> DecodeScales(const FormatInfo& info, const Quantized& quantized, int64_t count) {
  std::vector<float> scales(static_cast<size_t>(count));
  if (!quantized.scale_scales.empty()) {
    UnnestScales({quantized.scales, quantized.scale_scales, quantized.scale_offset}, scales);
    return scales;
  }
  if (info.element == ElementType::kTernary) {
    scales[0] = MeanScale(info.element, quantized.tensor_scale, false).decode;
    return scales;
  }
  int bits = static_cast<int>(BitsPerScale(info.scale_type));
  for (int64_t i = 0; i < count; ++i) {
    uint32_t stored = UnpackCode(quantized.scales, i, bits, false);
    scales[static_cast<size_t>(i)] = info.scale_type == ScaleType::kFp32   ? BitsFloat(stored)
                                     : info.scale_type == ScaleType::kE4M3 ? E4M3Value(stored)
                                                                           : E8M0Value(stored);
  }
  return scales;
}

ResolvedOptions Resolve(const FormatInfo& info, const QuantizeOptions& options) {
  ResolvedOptions resolved;
  resolved.block = *ResolveBlock(info, options);
  bool stochastic = options.rounding == Rounding::kStochastic;
  resolved.prescale = options.prescale;
  resolved.headroom = options.headroom;
  if (resolved.headroom == 0.0f) {
    resolved.headroom =
        stochastic && info.scale_rule == ScaleRule::kTwoLevel ? 17.0f / 16.0f : 1.0f;
  }
  if (info.element == ElementType::kE4M3)
    resolved.power_of_two = {ScaleMode::kFloor, 8, 3, 1.0f / 448.0f};
  resolved.power_of_two.mode = options.scale_mode;
  if (!options.scale_mode_set) {
    // Under `floor` the largest elements clip, which biases stochastic rounding; prescaling by 3/4
    // makes room for them.
    resolved.power_of_two.mode =
        stochastic && options.prescale == 1.0f ? ScaleMode::kCeil : ScaleMode::kFloor;
  }
  resolved.two_level_largest = options.four_over_six == FourOverSix::kOff ? 2688.0f : 1536.0f;
  return resolved;
}

BlockScale MakeBlockScale(const FormatInfo& info, const ResolvedOptions& resolved,
                          const BlockStats& stats, const TwoLevelRule& two_level) {
  return Prescaled(PlainScale(info, resolved, stats, two_level), info.scale_rule,
                   resolved.prescale);
}

void PrepareValues(std::span<float> values, const QuantizeOptions& options) {
  if (options.hadamard == 0) return;
  float signs[kMaxHadamard];
  FillSigns(options.signs, options.hadamard, signs);
  for (size_t i = 0; i < values.size(); i += static_cast<size_t>(options.hadamard)) {
    RotateGroup(&values[i], signs, options.hadamard);
  }
}

void RestoreValues(std::span<float> values, const QuantizeOptions& options) {
  if (options.hadamard != 0) {
    float signs[kMaxHadamard];
    FillSigns(options.signs, options.hadamard, signs);
    for (size_t i = 0; i < values.size(); i += static_cast<size_t>(options.hadamard)) {
      RotateGroupBack(&values[i], signs, options.hadamard);
    }
  }
  if (options.prescale == 1.0f) return;
  float inverse = 1.0f / options.prescale;
  for (float& value : values) value *= inverse;
}

Quantized BlockFormat::Encode(std::span<const float> values, MatrixShape shape,
                              const QuantizeOptions& options) const {
  ScopedFloatMode float_mode;
  std::vector<float> prepared(values.begin(), values.end());
  PrepareValues(prepared, options);
  return Encoder(info_, options, shape, prepared).Run();
}

void BlockFormat::Decode(const Quantized& quantized, const QuantizeOptions& options,
                         std::span<float> values) const {
  ScopedFloatMode float_mode;
  ResolvedOptions resolved = Resolve(info_, options);
  auto element = [&](int64_t i) {
    return ElementValue(info_.element, UnpackCode(quantized.codes, i, info_.bits_per_element,
                                                  HighNibbleFirst(info_.element)));
  };
  if (resolved.block.kind == BlockShape::Kind::kElement) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = element(static_cast<int64_t>(i));
  } else {
    BlockGrid grid = MakeBlockGrid(resolved.block, quantized.shape);
    std::vector<float> scales = DecodeScales(info_, quantized, grid.count());
    float factor = TensorFactor(info_, options, resolved, quantized.tensor_scale);
    for (int64_t block = 0; block < grid.count(); ++block) {
      grid.ForEachRun(block, [&](int64_t begin, int64_t length) {
        for (int64_t i = begin; i < begin + length; ++i) {
          float value = element(i) * scales[static_cast<size_t>(block)];
          values[i] = info_.scale_rule == ScaleRule::kTwoLevel ? value * factor : value;
        }
      });
    }
  }
  RestoreValues(values, options);
}

float TensorFactor(const FormatInfo& info, const QuantizeOptions& options,
                   const ResolvedOptions& resolved, float tensor_scale) {
  if (info.scale_rule != ScaleRule::kTwoLevel) return 1.0f;
  if (options.ms_eden) return EdenTensorScale(tensor_scale);
  return MakeTwoLevelRule(tensor_scale, resolved.two_level_largest).decode;
}

double BlockFormat::BitsPerValue(const QuantizeOptions& options, MatrixShape shape) const {
  ResolvedOptions resolved = Resolve(info_, options);
  auto size = static_cast<double>(shape.size());
  double bits = 8.0 * static_cast<double>(PackedBytes(shape.size(), info_.bits_per_element));
  if (KeepsTensorScale(info_)) bits += 32;
  if (resolved.block.kind != BlockShape::Kind::kElement && info_.scale_type != ScaleType::kNone) {
    int64_t blocks = MakeBlockGrid(resolved.block, shape).count();
    if (options.double_quantization) {
      const int64_t groups = (blocks + kNestedBlock - 1) / kNestedBlock;
      bits += 8.0 * static_cast<double>(blocks) + 32.0 * static_cast<double>(groups) + 32;
    } else {
      bits += BitsPerScale(info_.scale_type) * static_cast<double>(blocks);
    }
  }
  return bits / size;
}

}  // namespace fp4::numerics
