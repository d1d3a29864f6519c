#include "trainer/optimizer/adamw_kernel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace fp4::trainer {
namespace {

// A whole number of every codec's blocks. Loops over it have a fixed count, so that they become
// vector code; what a last piece lacks is zero.
constexpr int64_t kPiece = 256;
using Piece = std::array<float, kPiece>;

void Load(const FloatArray& array, int64_t first, int64_t count, Piece& piece) {
  if (array.type == FloatArray::Type::kFp32) {
    std::memcpy(piece.data(), static_cast<const float*>(array.data) + first,
                static_cast<size_t>(count) * sizeof(float));
  } else {
    const auto* codes = static_cast<const uint16_t*>(array.data) + first;
    for (int64_t i = 0; i < count; ++i) piece[i] = numerics::Bf16Value(codes[i]);
  }
  std::fill(piece.begin() + count, piece.end(), 0.0f);
}

void Load(const MomentArray& moment, int64_t first, int64_t count, Piece& piece) {
  if (moment.codec == nullptr) return Load(FloatArray{moment.values}, first, count, piece);
  const StateCodec& codec = *moment.codec;
  for (int64_t i = 0; i < count; i += codec.block()) {
    codec.Decode(static_cast<const uint8_t*>(moment.values) + codec.num_bytes(first + i),
                 moment.scales[(first + i) / codec.block()], piece.data() + i);
  }
  std::fill(piece.begin() + count, piece.end(), 0.0f);
}

void Store(const Piece& piece, int64_t first, int64_t count, const MomentArray& moment) {
  if (moment.codec == nullptr) {
    std::memcpy(static_cast<float*>(moment.values) + first, piece.data(),
                static_cast<size_t>(count) * sizeof(float));
    return;
  }
  const StateCodec& codec = *moment.codec;
  for (int64_t i = 0; i < count; i += codec.block()) {
    moment.scales[(first + i) / codec.block()] = codec.Encode(
        piece.data() + i, static_cast<uint8_t*>(moment.values) + codec.num_bytes(first + i));
  }
}

void Store(const Piece& piece, int64_t first, int64_t count, const RoundingStream& rounding,
           const FloatArray& array) {
  if (array.type == FloatArray::Type::kFp32) {
    std::memcpy(static_cast<float*>(array.data) + first, piece.data(),
                static_cast<size_t>(count) * sizeof(float));
  } else {
    RoundToBf16(piece.data(), first, count, rounding, static_cast<uint16_t*>(array.data) + first);
  }
}

void UpdatePiece(const AdamWFactors& factors, const float* __restrict gradient,
                 float* __restrict master, float* __restrict first, float* __restrict second) {
  for (int64_t i = 0; i < kPiece; ++i) {
    const float g = gradient[i];
    const float m = first[i] * factors.beta1 + g * factors.rest1;
    const float v = second[i] * factors.beta2 + (g * g) * factors.rest2;
    first[i] = m;
    second[i] = v;
    const float denominator = std::sqrt(v) / factors.second_correction + factors.eps;
    master[i] = master[i] * factors.kept - (m * factors.step_size) / denominator;
  }
}

}  // namespace

AdamWFactors FactorsOf(const spec::OptimizerSpec& spec, double learning_rate, double weight_decay,
                       int64_t updates) {
  const auto t = static_cast<double>(updates);
  return {.kept = static_cast<float>(1 - learning_rate * weight_decay),
          .beta1 = static_cast<float>(spec.beta1),
          .beta2 = static_cast<float>(spec.beta2),
          .rest1 = static_cast<float>(1 - spec.beta1),
          .rest2 = static_cast<float>(1 - spec.beta2),
          .step_size = static_cast<float>(learning_rate / (1 - std::pow(spec.beta1, t))),
          .second_correction = static_cast<float>(std::sqrt(1 - std::pow(spec.beta2, t))),
          .eps = static_cast<float>(spec.eps)};
}

void UpdateAdamW(const AdamWFactors& factors, const AdamWTensor& tensor,
                 const numerics::ParallelFor& parallel_for) {
  parallel_for(tensor.size, kPiece, [&](int64_t begin, int64_t end) {
    Piece master, gradient, first, second;
    for (int64_t at = begin; at < end; at += kPiece) {
      const int64_t count = std::min(kPiece, end - at);
      Load(tensor.master, at, count, master);
      Load(tensor.gradient, at, count, gradient);
      Load(tensor.first, at, count, first);
      Load(tensor.second, at, count, second);
      UpdatePiece(factors, gradient.data(), master.data(), first.data(), second.data());
      Store(first, at, count, tensor.first);
      Store(second, at, count, tensor.second);
      Store(master, at, count, tensor.rounding, tensor.master);
    }
  });
}

}  // namespace fp4::trainer
