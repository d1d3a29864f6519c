#include "numerics/cpu/driver.h"

#include <algorithm>
#include <cstring>

#include "numerics/arithmetic/elements.h"
#include "numerics/arithmetic/packing.h"

namespace fp4::numerics::cpu {
namespace {

// Output larger than this is written past the cache, as memcpy does.
constexpr int64_t kStreamBytes = int64_t{32} << 20;

Job MakeJob(const FormatInfo& info, const QuantizeOptions& options) {
  Job job;
  job.info = &info;
  job.resolved = Resolve(info, options);
  job.element = info.element;
  job.rule =
      job.resolved.block.kind == BlockShape::Kind::kElement ? ScaleRule::kNone : info.scale_rule;
  job.stochastic = options.rounding == Rounding::kStochastic;
  job.ms_eden = options.ms_eden;
  job.four_over_six = options.four_over_six;
  job.key = RandomKey(options.seed, options.stream);
  job.step = options.step;
  return job;
}

}  // namespace

Driver::Driver(const Format& format, MatrixShape shape, const QuantizeOptions& options,
               const ParallelFor& parallel)
    : info_(format.info()),
      options_(options),
      shape_(shape),
      parallel_(parallel),
      job_(MakeJob(info_, options)),
      grid_(MakeBlockGrid(job_.resolved.block, shape)),
      one_block_(job_.rule == ScaleRule::kNone ||
                 job_.resolved.block.kind == BlockShape::Kind::kTensor),
      units_(grid_, shape, one_block_, std::max(1, options.hadamard)) {
  FillSigns(options.signs, options.hadamard, signs_);
}

void Driver::RoundTrip(std::span<float> decoded) {
  const bool stream = MayStream(decoded);
  round_trip_ = true;
  ForEachUnit([&](Unit unit) {
    unit.decoded = decoded.data() + unit.first_element;
    unit.stream = stream;
    RoundTripUnit(job_, unit);
    Restore({unit.decoded, static_cast<size_t>(unit.size())});
  });
}

// Streaming stores write whole vectors at aligned places, and pay only where nobody reads the
// output while it could still be in the cache.
bool Driver::MayStream(std::span<const float> decoded) const {
  return static_cast<int64_t>(decoded.size_bytes()) >= kStreamBytes &&
         decoded.data() != values_.data() && !Transforms() &&
         reinterpret_cast<uintptr_t>(decoded.data()) % 64 == 0 && units_.unit_columns() % 16 == 0 &&
         (one_block_ || grid_.columns % 16 == 0);
}

void Driver::Encode(Quantized& quantized) {
  const int bits = info_.bits_per_element;
  quantized.shape = shape_;
  quantized.codes.resize(static_cast<size_t>(PackedBytes(shape_.size(), bits)));
  quantized.has_tensor_scale = has_tensor_scale_;
  quantized.tensor_scale = tensor_scale_;
  quantized.scale_scales = nested_.scales;
  quantized.scale_offset = nested_.offset;
  quantized.scales = nested_.codes;
  storing_ = nested_.codes.empty() && NumScales() > 0;
  if (nested_.codes.empty())
    quantized.scales.resize(static_cast<size_t>(NumScales() * ScaleBytes()));
  ForEachUnit([&](Unit unit) {
    uint8_t* packed = quantized.codes.data() + unit.first_element * bits / 8;
    if (bits > 8) return EncodeWideUnit(job_, unit, packed);
    unit.codes = LocalScratch().codes.Get(unit.size());
    EncodeUnit(job_, unit);
    PackUnit(unit.codes, unit.size(), bits, HighNibbleFirst(info_.element), packed);
    if (storing_) StoreScales(unit, quantized.scales);
  });
}

void Driver::Decode(const Quantized& quantized, std::span<float> values) {
  const int bits = info_.bits_per_element;
  float table[256];
  for (uint32_t code = 0; code < 256; ++code) table[code] = ElementValue(info_.element, code);
  std::vector<float> scales;
  if (job_.rule != ScaleRule::kNone) scales = DecodeScales(info_, quantized, grid_.count());
  float factor = TensorFactor(info_, options_, job_.resolved, quantized.tensor_scale);
  const bool two_level = job_.rule == ScaleRule::kTwoLevel;
  ForEachUnit([&](Unit unit) {
    unit.decoded = values.data() + unit.first_element;
    const uint8_t* packed = quantized.codes.data() + unit.first_element * bits / 8;
    if (bits > 8) {
      DecodeWideUnit(unit, packed, info_.element);
    } else {
      unit.codes = LocalScratch().codes.Get(unit.size());
      UnpackUnit(packed, unit.size(), bits, HighNibbleFirst(info_.element), unit.codes);
      DecodeUnit(unit, table, bits <= 4,
                 scales.empty() ? nullptr : scales.data() + unit.first_block,
                 two_level ? &factor : nullptr);
    }
    Restore({unit.decoded, static_cast<size_t>(unit.size())});
  });
}

BlockScales Driver::UnitScales(int64_t count, bool stored) {
  const int64_t room = count + kScalePadding;
  ThreadScratch& scratch = LocalScratch();
  return {scratch.encode.Get(room), scratch.decode.Get(room),
          stored ? scratch.stored.Get(room) : nullptr};
}

// Takes the scales that Measure has found, or makes those of the unit's own blocks.
void Driver::FindScales(Unit& unit) {
  if (measuring_ || job_.rule == ScaleRule::kNone) return;
  if (!fixed_.encode.empty()) {
    unit.scales = fixed_.From(unit.first_block);
    return;
  }
  if (round_trip_ && job_.rule != ScaleRule::kMean && !job_.ms_eden &&
      job_.four_over_six == FourOverSix::kOff)
    return;  // The round trip finds these on its way.
  unit.scales = UnitScales(Units::BlocksOf(unit), storing_);
  ScaleUnit(job_, unit);
}

const float* Driver::Prepared(const Unit& unit) const {
  const float* values = values_.data() + unit.first_element;
  if (options_.hadamard == 0) return values;
  float* prepared = LocalScratch().values.Get(unit.size());
  std::copy(values, values + unit.size(), prepared);
  Rotate(prepared, unit.size(), options_.hadamard, signs_, false);
  return prepared;
}

void Driver::Restore(std::span<float> values) const {
  if (options_.hadamard != 0)
    Rotate(values.data(), static_cast<int64_t>(values.size()), options_.hadamard, signs_, true);
  if (options_.prescale == 1.0f) return;
  float inverse = 1.0f / options_.prescale;
  for (float& value : values) value *= inverse;
}

int64_t Driver::ScaleBytes() const {
  if (info_.scale_type == ScaleType::kNone) return 0;
  return info_.scale_type == ScaleType::kFp32 ? 4 : 1;
}

int64_t Driver::NumScales() const {
  if (job_.rule == ScaleRule::kNone || info_.scale_type == ScaleType::kNone) return 0;
  return grid_.count();
}

void Driver::StoreScales(const Unit& unit, std::vector<uint8_t>& scales) const {
  if (one_block_ && unit.first_element != 0) return;
  const int64_t count = one_block_ ? 1 : Units::BlocksOf(unit), bytes = ScaleBytes();
  uint8_t* to = &scales[static_cast<size_t>(unit.first_block * bytes)];
  if (bytes == 4) {
    std::memcpy(to, unit.scales.stored, static_cast<size_t>(count) * 4);
  } else {
    std::copy(unit.scales.stored, unit.scales.stored + count, to);
  }
}

}  // namespace fp4::numerics::cpu
