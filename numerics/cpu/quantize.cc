#include "numerics/cpu/quantize.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "numerics/cpu/job.h"
#include "numerics/dynamic_map.h"
#include "numerics/elements.h"
#include "numerics/float_mode.h"
#include "numerics/hadamard.h"
#include "numerics/ms_eden.h"
#include "numerics/packing.h"
#include "numerics/random.h"

namespace fp4::numerics::cpu {
namespace {

// Elements of a unit, about: what a core keeps in its first-level cache, read once for the scales
// and once to be rounded.
constexpr int64_t kUnitElements = 1 << 12;
// Output larger than this is written past the cache, as memcpy does.
constexpr int64_t kStreamBytes = int64_t{32} << 20;

// A buffer that is not cleared and keeps its memory.
template <class T>
class Scratch {
 public:
  T* Get(int64_t size) {
    if (size > capacity_) {
      memory_ = std::make_unique_for_overwrite<T[]>(static_cast<size_t>(size));
      capacity_ = size;
    }
    return memory_.get();
  }

 private:
  std::unique_ptr<T[]> memory_;
  int64_t capacity_ = 0;
};

struct ThreadScratch {
  Scratch<float> values;
  Scratch<uint32_t> random;
  Scratch<uint8_t> codes;
  Scratch<BlockScale> scales;
};

ThreadScratch& Local() {
  static thread_local ThreadScratch scratch;
  return scratch;
}

// One call: the job, how the tensor is cut into units, and what has to be known before the first
// unit.
class Driver {
 public:
  Driver(const Format& format, MatrixShape shape, const QuantizeOptions& options,
         const ParallelFor& parallel)
      : info_(format.info()), options_(options), shape_(shape), parallel_(parallel) {
    job_.info = &info_;
    job_.resolved = Resolve(info_, options);
    job_.element = info_.element;
    const BlockShape& block = job_.resolved.block;
    job_.rule = block.kind == BlockShape::Kind::kElement ? ScaleRule::kNone : info_.scale_rule;
    job_.stochastic = options.rounding == Rounding::kStochastic;
    job_.ms_eden = options.ms_eden;
    job_.four_over_six = options.four_over_six;
    job_.key = RandomKey(options.seed, options.stream);
    job_.step = options.step;
    grid_ = MakeBlockGrid(block, shape);
    one_block_ = job_.rule == ScaleRule::kNone || block.kind == BlockShape::Kind::kTensor;
    for (int i = 0; i < options.hadamard; ++i)
      signs_[i] = HadamardSign(options.seed, options.step, i);
    CutUnits();
  }

  // What depends on the whole tensor: its amax or mean, or all block scales where they are
  // quantized again.
  void Measure(std::span<const float> values) {
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

  void RoundTrip(std::span<float> decoded) {
    auto bytes = static_cast<int64_t>(decoded.size_bytes());
    bool stream = bytes >= kStreamBytes && decoded.data() != values_.data() && !Transforms() &&
                  reinterpret_cast<uintptr_t>(decoded.data()) % 64 == 0 &&
                  unit_.columns % 16 == 0 && (one_block_ || unit_.tile_columns % 16 == 0);
    ForEachUnit([&](int64_t /*index*/, Unit unit) {
      unit.decoded = decoded.data() + unit.first_element;
      unit.stream = stream;
      RoundTripUnit(job_, unit);
      Restore({unit.decoded, static_cast<size_t>(unit.size())});
    });
  }

  void Encode(Quantized& quantized) {
    const int bits = info_.bits_per_element;
    quantized.shape = shape_;
    quantized.codes.resize(static_cast<size_t>(PackedBytes(shape_.size(), bits)));
    quantized.has_tensor_scale = has_tensor_scale_;
    quantized.tensor_scale = tensor_scale_;
    quantized.scale_scales = nested_.scales;
    quantized.scale_offset = nested_.offset;
    quantized.scales = nested_.codes;
    if (nested_.codes.empty())
      quantized.scales.resize(static_cast<size_t>(NumScales() * ScaleBytes()));
    ForEachUnit([&](int64_t /*index*/, Unit unit) {
      uint8_t* packed = quantized.codes.data() + unit.first_element * bits / 8;
      if (bits > 8) {
        EncodeWide(unit, packed);
        return;
      }
      ThreadScratch& scratch = Local();
      unit.codes = scratch.codes.Get(unit.size());
      EncodeUnit(job_, unit);
      PackUnit(unit.codes, unit.size(), bits, HighNibbleFirst(info_.element), packed);
      if (nested_.codes.empty() && NumScales() > 0) StoreScales(unit, quantized.scales);
    });
  }

  void Decode(const Quantized& quantized, std::span<float> values) {
    const int bits = info_.bits_per_element;
    float table[256];
    for (uint32_t code = 0; code < 256; ++code) table[code] = ElementValue(info_.element, code);
    std::vector<float> scales;
    if (job_.rule != ScaleRule::kNone) scales = DecodeScales(info_, quantized, grid_.count());
    float factor = TensorFactor(info_, options_, job_.resolved, quantized.tensor_scale);
    const bool two_level = job_.rule == ScaleRule::kTwoLevel;
    ForEachUnit([&](int64_t /*index*/, Unit unit) {
      unit.decoded = values.data() + unit.first_element;
      const uint8_t* packed = quantized.codes.data() + unit.first_element * bits / 8;
      if (bits > 8) {
        DecodeWide({packed, static_cast<size_t>(unit.size() * bits / 8)}, unit);
      } else {
        unit.codes = Local().codes.Get(unit.size());
        UnpackUnit(packed, unit.size(), bits, HighNibbleFirst(info_.element), unit.codes);
        DecodeUnit(unit, table, scales.empty() ? nullptr : scales.data() + unit.first_block,
                   two_level ? &factor : nullptr);
      }
      Restore({unit.decoded, static_cast<size_t>(unit.size())});
    });
  }

 private:
  bool Transforms() const { return options_.hadamard != 0 || options_.prescale != 1.0f; }

  // Units hold whole blocks and whole rotated groups, and a multiple of eight elements.
  void CutUnits() {
    unit_.tile_rows = grid_.rows;
    unit_.tile_columns = grid_.columns;
    int64_t size = shape_.size();
    bool by_rows = grid_.rows > 1 || (!one_block_ && grid_.shape.rows > 1 &&
                                      grid_.shape.columns % grid_.columns != 0);
    if (by_rows) {
      int64_t rows = std::lcm(grid_.rows, 8 / std::gcd<int64_t>(8, shape_.columns));
      rows *= std::max<int64_t>(1, kUnitElements / (rows * shape_.columns));
      unit_.columns = shape_.columns;
      unit_.rows = rows;
    } else {
      int64_t whole = std::lcm<int64_t>(8, std::max(1, options_.hadamard));
      if (!one_block_) whole = std::lcm(whole, grid_.columns);
      unit_.rows = 1;
      unit_.columns = whole * std::max<int64_t>(1, kUnitElements / whole);
    }
    if (one_block_) unit_.tile_columns = size;
    num_units_ = (size + unit_.size() - 1) / unit_.size();
  }

  // Blocks of a unit; where one block is the whole tensor, every unit sees that block.
  int64_t BlocksOf(const Unit& unit) const {
    int64_t across = (unit.columns + unit.tile_columns - 1) / unit.tile_columns;
    return across * ((unit.rows + unit.tile_rows - 1) / unit.tile_rows);
  }

  Unit MakeUnit(int64_t index) const {
    Unit unit = unit_;
    unit.first_element = index * unit_.size();
    int64_t left = shape_.size() - unit.first_element;
    if (unit_.rows == 1 && unit_.columns != shape_.columns)
      unit.columns = std::min(unit_.columns, left);
    else
      unit.rows = std::min(unit_.rows, left / unit_.columns);
    if (unit.rows == 0) {
      unit.rows = 1;
      unit.columns = left;
    }
    unit.first_block = one_block_ ? 0 : index * BlocksOf(unit_);
    return unit;
  }

  // Calls work(index, unit) for every unit, its values prepared and its random words drawn.
  template <class Work>
  void ForEachUnit(Work&& work) {
    parallel_(num_units_, 1, [&](int64_t begin, int64_t end) {
      ScopedFloatMode float_mode;
      for (int64_t index = begin; index < end; ++index) {
        Unit unit = MakeUnit(index);
        if (!values_.empty()) unit.values = Prepared(unit);
        if (index + 2 < end && options_.hadamard == 0) unit.ahead = unit_.size();
        if (!values_.empty()) FindScales(unit);
        if (job_.stochastic && !measuring_ && !values_.empty()) {
          uint32_t* words = Local().random.Get(unit.size() + 64);
          FillRandom(job_.key, job_.step, unit.first_element, unit.size(), words);
          unit.random = words;
        }
        work(index, unit);
      }
    });
  }

  // Scales that Measure has found, or those of the unit's own blocks.
  void FindScales(Unit& unit) {
    unit.one_scale = one_block_;
    if (measuring_ || job_.rule == ScaleRule::kNone) return;
    if (!fixed_scales_.empty()) {
      unit.scales = fixed_scales_.data() + unit.first_block;
      return;
    }
    unit.scales = Local().scales.Get(BlocksOf(unit));
    ScaleUnit(job_, unit);
  }

  const float* Prepared(const Unit& unit) const {
    const float* values = values_.data() + unit.first_element;
    if (options_.hadamard == 0) return values;
    float* prepared = Local().values.Get(unit.size());
    std::copy(values, values + unit.size(), prepared);
    Rotate(prepared, unit.size(), options_.hadamard, signs_, false);
    return prepared;
  }

  void Restore(std::span<float> values) const {
    if (options_.hadamard != 0)
      Rotate(values.data(), static_cast<int64_t>(values.size()), options_.hadamard, signs_, true);
    if (options_.prescale == 1.0f) return;
    float inverse = 1.0f / options_.prescale;
    for (float& value : values) value *= inverse;
  }

  void MeasureTwoLevel() {
    std::atomic<uint32_t> bits = FloatBits(options_.tensor_amax);
    if (options_.tensor_amax == 0.0f) {
      ForEachUnit([&](int64_t /*index*/, const Unit& unit) {
        uint32_t largest = MaxFiniteAbsBits(unit.values, unit.size());
        uint32_t seen = bits.load();
        while (seen < largest && !bits.compare_exchange_weak(seen, largest)) {
        }
      });
    }
    ScopedFloatMode float_mode;
    has_tensor_scale_ = true;
    tensor_scale_ = BitsFloat(bits.load());
    job_.two_level = MakeTwoLevelRule(tensor_scale_, job_.resolved.two_level_largest);
    job_.eden_scale = EdenTensorScale(tensor_scale_);
    job_.factor = job_.ms_eden ? job_.eden_scale : job_.two_level.decode;
  }

  // The scales of all blocks first; then what decoding will make of them.
  void MeasureNested() {
    fixed_scales_.resize(static_cast<size_t>(grid_.count()));
    ForEachUnit([&](int64_t /*index*/, const Unit& unit) {
      for (int64_t block = 0; block < BlocksOf(unit); ++block) {
        int64_t begin = block * grid_.columns;
        uint32_t bits =
            MaxAbsBits(unit.values + begin, std::min(grid_.columns, unit.columns - begin));
        BlockStats stats = {bits < kInfinityBits ? BitsFloat(bits) : 0.0f, 0.0,
                            bits >= kInfinityBits};
        fixed_scales_[static_cast<size_t>(unit.first_block + block)] =
            MakeBlockScale(info_, job_.resolved, stats, {});
      }
    });
    ScopedFloatMode float_mode;
    std::vector<float> absmax;
    for (const BlockScale& scale : fixed_scales_) absmax.push_back(BitsFloat(scale.stored));
    nested_ = NestScales(absmax);
    UnnestScales(nested_, absmax);
    for (size_t i = 0; i < absmax.size(); ++i) fixed_scales_[i].decode = absmax[i];
  }

  // The one scale of the tensor.
  void MeasureTensor() {
    BlockStats stats;
    if (info_.scale_rule == ScaleRule::kMean) {
      stats = MeanOfTensor();
    } else {
      std::atomic<uint32_t> bits = 0;
      ForEachUnit([&](int64_t /*index*/, const Unit& unit) {
        uint32_t largest = MaxAbsBits(unit.values, unit.size());
        uint32_t seen = bits.load();
        while (seen < largest && !bits.compare_exchange_weak(seen, largest)) {
        }
      });
      stats.poisoned = bits.load() >= kInfinityBits;
      stats.amax = stats.poisoned ? 0.0f : BitsFloat(bits.load());
    }
    ScopedFloatMode float_mode;
    fixed_scales_ = {MakeBlockScale(info_, job_.resolved, stats, {})};
    if (info_.element != ElementType::kTernary) return;
    has_tensor_scale_ = true;
    tensor_scale_ = BitsFloat(fixed_scales_[0].stored);
  }

  // In double and in the order of the elements, which is what decides its last bit: on one thread.
  BlockStats MeanOfTensor() {
    ScopedFloatMode float_mode;
    BlockStats stats;
    double sum = 0;
    int64_t count = 0;
    for (int64_t index = 0; index < num_units_; ++index) {
      Unit unit = MakeUnit(index);
      const float* values = Prepared(unit);
      for (int64_t i = 0; i < unit.size(); ++i) {
        if (!IsFinite(values[i])) {
          stats.poisoned = true;
          continue;
        }
        sum += std::fabs(values[i]);
        ++count;
      }
    }
    stats.mean = count > 0 ? sum / static_cast<double>(count) : 0.0;
    return stats;
  }

  int64_t ScaleBytes() const {
    if (info_.scale_type == ScaleType::kNone) return 0;
    return info_.scale_type == ScaleType::kFp32 ? 4 : 1;
  }
  int64_t NumScales() const {
    if (job_.rule == ScaleRule::kNone || info_.scale_type == ScaleType::kNone) return 0;
    return grid_.count();
  }

  void StoreScales(const Unit& unit, std::vector<uint8_t>& scales) const {
    int64_t count = one_block_ ? 1 : BlocksOf(unit);
    if (one_block_ && unit.first_element != 0) return;
    for (int64_t i = 0; i < count; ++i) {
      uint32_t stored = unit.scales[i].stored;
      std::memcpy(&scales[static_cast<size_t>((unit.first_block + i) * ScaleBytes())], &stored,
                  static_cast<size_t>(ScaleBytes()));
    }
  }

  void EncodeWide(const Unit& unit, uint8_t* packed) const {
    const auto bytes = static_cast<size_t>(info_.bits_per_element / 8);
    for (int64_t i = 0; i < unit.size(); ++i) {
      ScaledElement x = {unit.values[i], unit.values[i]};
      uint32_t code = job_.stochastic ? EncodeStochastic(info_.element, x, unit.random[i])
                                      : EncodeNearest(info_.element, x);
      std::memcpy(packed + static_cast<size_t>(i) * bytes, &code, bytes);
    }
  }

  void DecodeWide(std::span<const uint8_t> packed, const Unit& unit) const {
    for (int64_t i = 0; i < unit.size(); ++i) {
      unit.decoded[i] =
          ElementValue(info_.element, UnpackCode(packed, i, info_.bits_per_element, false));
    }
  }

  const FormatInfo& info_;
  const QuantizeOptions& options_;
  const MatrixShape shape_;
  const ParallelFor& parallel_;
  Job job_;
  BlockGrid grid_;
  bool one_block_ = false;  // one scale, or none, for all elements: units ignore blocks
  Unit unit_;               // the size of all units but the last
  int64_t num_units_ = 0;
  float signs_[kMaxHadamard] = {};
  std::span<const float> values_;
  bool measuring_ = false;
  std::vector<BlockScale>
      fixed_scales_;  // those that Measure has found: of every block, or the tensor's
  NestedScales nested_;
  bool has_tensor_scale_ = false;
  float tensor_scale_ = 0.0f;
};

absl::Status CheckSizes(const Format& format, size_t size, MatrixShape shape,
                        const QuantizeOptions& options) {
  if (absl::Status status = format.Check(options, shape); !status.ok()) return status;
  if (static_cast<int64_t>(size) == shape.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a tensor of ", size, " elements is not ", shape.rows, "x", shape.columns));
}

}  // namespace

absl::Status Encode(const Format& format, std::span<const float> values, MatrixShape shape,
                    const QuantizeOptions& options, Quantized& quantized,
                    const ParallelFor& parallel) {
  if (absl::Status status = CheckSizes(format, values.size(), shape, options); !status.ok())
    return status;
  if (format.info().element == ElementType::kOther) {
    quantized = format.Encode(values, shape, options);
    return absl::OkStatus();
  }
  Driver driver(format, shape, options, parallel);
  driver.Measure(values);
  driver.Encode(quantized);
  return absl::OkStatus();
}

absl::Status Decode(const Format& format, const Quantized& quantized,
                    const QuantizeOptions& options, std::span<float> values,
                    const ParallelFor& parallel) {
  if (absl::Status status = CheckSizes(format, values.size(), quantized.shape, options);
      !status.ok())
    return status;
  if (format.info().element == ElementType::kOther) {
    format.Decode(quantized, options, values);
    return absl::OkStatus();
  }
  Driver(format, quantized.shape, options, parallel).Decode(quantized, values);
  return absl::OkStatus();
}

absl::Status QuantizeDequantize(const Format& format, std::span<const float> values,
                                MatrixShape shape, const QuantizeOptions& options,
                                std::span<float> decoded, const ParallelFor& parallel) {
  if (absl::Status status = CheckSizes(format, values.size(), shape, options); !status.ok())
    return status;
  if (decoded.size() != values.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("room for ", decoded.size(), " decoded elements, ", values.size(), " needed"));
  }
  if (format.info().element == ElementType::kOther) {
    format.Decode(format.Encode(values, shape, options), options, decoded);
    return absl::OkStatus();
  }
  Driver driver(format, shape, options, parallel);
  driver.Measure(values);
  driver.RoundTrip(decoded);
  return absl::OkStatus();
}

}  // namespace fp4::numerics::cpu
