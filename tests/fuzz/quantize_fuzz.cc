// Any format, options, shape and values: what the checks let through gives the same bytes in the
// scalar reference and on the CPU path, decodes to as many values, and takes the bytes that
// BitsPerValue says; what they refuse is refused with a reason by both. The input is a header of
// kHeader bytes, then fp32 values, repeated as often as the shape needs.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "numerics/cpu/quantize.h"
#include "numerics/error_stats.h"
#include "numerics/format.h"

namespace {

using namespace fp4::numerics;

constexpr size_t kHeader = 24;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Takes bytes from the front of the input; zeros when it is used up.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  template <class T>
  T Take() {
    T value{};
    const size_t length = std::min(sizeof value, size_);
    if (length > 0) std::memcpy(&value, data_, length);
    data_ += length;
    size_ -= length;
    return value;
  }
  size_t size() const { return size_; }

 private:
  const uint8_t* data_;
  size_t size_;
};

std::string Block(const Format& format, uint8_t choice) {
  static constexpr const char* kOthers[] = {"", "0", "64x", "1x0", "-1", "none", "tensor", "3x5"};
  const auto& blocks = format.info().blocks;
  if (choice < 224) return std::string(blocks[choice % blocks.size()]);
  return kOthers[choice % std::size(kOthers)];
}

// Mostly sensible; now and then any float at all.
float Factor(uint16_t choice, float usual) {
  if (choice < 0x8000) return usual;
  const uint32_t bits = static_cast<uint32_t>(choice) << 17;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

QuantizeOptions ReadOptions(Bytes& bytes, const Format& format) {
  QuantizeOptions options;
  options.block = Block(format, bytes.Take<uint8_t>());
  const auto flags = bytes.Take<uint16_t>();
  if (flags & 1) options.rounding = Rounding::kStochastic;
  options.scale_mode_set = flags & 2;
  if (options.scale_mode_set) options.scale_mode = static_cast<ScaleMode>((flags >> 2) & 3);
  if (flags & 16) options.four_over_six = flags & 32 ? FourOverSix::kMse : FourOverSix::kMae;
  options.double_quantization = flags & 64;
  options.ms_eden = flags & 128;
  if (flags & 256) options.headroom = Factor(bytes.Take<uint16_t>(), 1.0625f);
  if (flags & 512) options.prescale = Factor(bytes.Take<uint16_t>(), 0.75f);
  if (flags & 1024) options.tensor_amax = Factor(bytes.Take<uint16_t>(), 2.5f);
  if (flags & 2048) options.hadamard = 16 << ((flags >> 12) & 3);
  if (flags & 0x8000) options.hadamard = static_cast<int8_t>(bytes.Take<uint8_t>());
  options.seed = bytes.Take<uint32_t>();
  options.stream = bytes.Take<uint8_t>();
  options.step = bytes.Take<uint8_t>();
  options.signs = {.seed = options.seed, .step = options.step};
  return options;
}

std::vector<float> ReadValues(Bytes& bytes, int64_t size) {
  std::vector<float> pattern(std::max<size_t>(1, bytes.size() / sizeof(float)));
  for (float& value : pattern) value = bytes.Take<float>();
  std::vector<float> values(static_cast<size_t>(size));
  for (size_t i = 0; i < values.size(); ++i) values[i] = pattern[i % pattern.size()];
  return values;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

bool SameFloat(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; }

void RequireSame(const Quantized& a, const Quantized& b) {
  Require(a.shape == b.shape && a.codes == b.codes && a.scales == b.scales);
  Require(a.has_tensor_scale == b.has_tensor_scale && SameFloat(a.tensor_scale, b.tensor_scale));
  Require(SameBits(a.scale_scales, b.scale_scales) && SameFloat(a.scale_offset, b.scale_offset));
}

// Single units from the end: results must not depend on how the work is cut.
void BackwardsFor(int64_t size, int64_t grain, const std::function<void(int64_t, int64_t)>& work) {
  for (int64_t i = (size + grain - 1) / grain - 1; i >= 0; --i)
    work(i * grain, std::min(size, (i + 1) * grain));
}

void CheckSame(const Format& format, const std::vector<float>& values, MatrixShape shape,
               const QuantizeOptions& options) {
  const Quantized expected = format.Encode(values, shape, options);
  std::vector<float> decoded(values.size()), again(values.size());
  format.Decode(expected, options, decoded);

  Quantized quantized;
  Require(cpu::Encode(format, values, shape, options, quantized, SerialFor).ok());
  RequireSame(expected, quantized);
  Require(cpu::Encode(format, values, shape, options, quantized, BackwardsFor).ok());
  RequireSame(expected, quantized);
  Require(cpu::Decode(format, quantized, options, again, BackwardsFor).ok());
  Require(SameBits(decoded, again));
  again = values;
  Require(cpu::QuantizeDequantize(format, again, shape, options, again, SerialFor).ok());
  Require(SameBits(decoded, again));

  const double bits = 8.0 * static_cast<double>(expected.stored_bytes());
  Require(format.BitsPerValue(options, shape) == bits / static_cast<double>(shape.size()));
  const ErrorStats stats = MeasureError(values, decoded, SerialFor);
  Require(stats.count + stats.non_finite == shape.size());
  const int64_t clipped = CountClipped(format, values, expected, options);
  Require(clipped >= 0 && clipped <= shape.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes header(data, std::min(size, kHeader));
  const auto formats = AllFormats();
  const Format& format = *formats[header.Take<uint8_t>() % formats.size()];
  MatrixShape shape;
  shape.rows = header.Take<uint8_t>() % 40;
  shape.columns = header.Take<uint16_t>() % 600;
  const QuantizeOptions options = ReadOptions(header, format);
  if (options.hadamard > 0) shape.columns = shape.columns / options.hadamard * options.hadamard;

  Bytes rest(data + std::min(size, kHeader), size - std::min(size, kHeader));
  const std::vector<float> values = ReadValues(rest, shape.size());
  if (const absl::Status status = format.Check(options, shape); !status.ok()) {
    Require(!status.message().empty());
    Quantized quantized;
    Require(!cpu::Encode(format, values, shape, options, quantized, SerialFor).ok());
    return 0;
  }
  CheckSame(format, values, shape, options);
  return 0;
}
