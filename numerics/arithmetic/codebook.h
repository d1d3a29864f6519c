// The two 4-bit code books of bitsandbytes (csrc/kernels.cu, dQuantizeFP4 and dQuantizeNF4).
// Elements come scaled into [-1, 1]; comparisons are strict, so a value on a threshold takes the
// lower level, and a NaN exceeds none. Host and device.
#pragma once

#include <cstdint>

#include "numerics/arithmetic/host_device.h"

namespace fp4::numerics {

// levels[rank] of eight. On a GPU by selections: an array with a variable index would be in its
// slow local memory.
FP4_HOST_DEVICE constexpr float LevelOfEight(const float* levels, int rank) {
#ifdef __CUDA_ARCH__
  const float a = rank & 1 ? levels[1] : levels[0], b = rank & 1 ? levels[3] : levels[2];
  const float c = rank & 1 ? levels[5] : levels[4], d = rank & 1 ? levels[7] : levels[6];
  const float low = rank & 2 ? b : a, high = rank & 2 ? d : c;
  return rank & 4 ? high : low;
#else
  return levels[rank];
#endif
}

// FP4: sign and magnitude. Levels ascend by rank; a magnitude's rank is the number of thresholds
// that it exceeds.
struct Fp4Book {
  static constexpr int kNumLevels = 8;
  FP4_HOST_DEVICE static constexpr float Level(int rank) {
    constexpr float kLevels[8] = {0.0f, 0.005208333333f, 0.16666667f, 0.25f, 0.33333333f,
                                  0.5f, 0.66666667f,     1.0f};
    return LevelOfEight(kLevels, rank);
  }
  FP4_HOST_DEVICE static constexpr float Threshold(int index) {
    constexpr float kThresholds[7] = {0.00260417f, 0.0859375f, 0.20833333f, 0.29166667f,
                                      0.4166667f,  0.583333f,  0.8333333f};
    return kThresholds[index];
  }
  // Of the ranks 0 to 7: 0, 1, 6, 7, 4, 5, 2, 3.
  FP4_HOST_DEVICE static constexpr uint8_t Code(int rank) { return (0x32547610u >> 4 * rank) & 7; }
  // The same permutation back.
  FP4_HOST_DEVICE static constexpr uint8_t Rank(int code) { return Code(code); }
};

// NF4: signed levels in ascending order; the code is the rank, so that no permutation is needed.
struct Nf4Book {
  static constexpr int kNumLevels = 16;
  FP4_HOST_DEVICE static constexpr float Level(int rank) {
    constexpr float kLevels[16] = {-1.0f,
                                   -0.6961928009986877f,
                                   -0.5250730514526367f,
                                   -0.39491748809814453f,
                                   -0.28444138169288635f,
                                   -0.18477343022823334f,
                                   -0.09105003625154495f,
                                   0.0f,
                                   0.07958029955625534f,
                                   0.16093020141124725f,
                                   0.24611230194568634f,
                                   0.33791524171829224f,
                                   0.44070982933044434f,
                                   0.5626170039176941f,
                                   0.7229568362236023f,
                                   1.0f};
    return rank & 8 ? LevelOfEight(kLevels + 8, rank & 7) : LevelOfEight(kLevels, rank & 7);
  }
  FP4_HOST_DEVICE static constexpr float Threshold(int index) {
    constexpr float kThresholds[15] = {
        -0.8480964004993439f,  -0.6106329262256622f,  -0.4599952697753906f,   -0.33967943489551544f,
        -0.23460740596055984f, -0.13791173323988914f, -0.045525018125772476f, 0.03979014977812767f,
        0.1202552504837513f,   0.2035212516784668f,   0.2920137718319893f,    0.3893125355243683f,
        0.5016634166240692f,   0.6427869200706482f,   0.8614784178118011f};
    return kThresholds[index];
  }
};

// The number of thresholds that `value` strictly exceeds, which is the rank of its level.
template <class Book>
FP4_HOST_DEVICE inline int NearestRank(float value) {
  int rank = 0;
  for (int i = 0; i < Book::kNumLevels - 1; ++i) rank += value > Book::Threshold(i);
  return rank;
}

// One of the two levels around a value, so that the mean is the value; beyond the last level, that
// level.
template <class Book>
FP4_HOST_DEVICE inline int StochasticRank(float value, uint32_t random) {
  if (!(value > Book::Level(0))) return 0;
  int rank = 0;
  for (int i = 1; i < Book::kNumLevels; ++i) rank += value >= Book::Level(i);
  if (rank == Book::kNumLevels - 1) return rank;
  float below = Book::Level(rank), above = Book::Level(rank + 1);
  return rank + ((value - below) / (above - below) > UnitInterval(random));
}

// `scaled` is the element times the reciprocal of its block's absmax; the sign is the element's
// own, so that a negative one whose product underflows still has code 8.
FP4_HOST_DEVICE inline uint32_t Fp4Code(float scaled, bool negative) {
  return Fp4Book::Code(NearestRank<Fp4Book>(Abs(scaled))) | (negative ? 8u : 0u);
}
FP4_HOST_DEVICE inline uint32_t Fp4CodeStochastic(float scaled, bool negative, uint32_t random) {
  return Fp4Book::Code(StochasticRank<Fp4Book>(Abs(scaled), random)) | (negative ? 8u : 0u);
}
// The level of a code, with its sign; codes 8 to 15 are the negatives of 0 to 7.
FP4_HOST_DEVICE inline float Fp4Value(uint32_t code) {
  float magnitude = Fp4Book::Level(Fp4Book::Rank(static_cast<int>(code & 7)));
  return code & 8 ? -magnitude : magnitude;
}

FP4_HOST_DEVICE inline float Nf4Value(uint32_t code) { return Nf4Book::Level(code & 15); }

// What a block's elements are multiplied by. A zero block gets 0: all its codes are the code of 0.
FP4_HOST_DEVICE inline float ReciprocalOrZero(float absmax) {
  return absmax > 0.0f ? 1.0f / absmax : 0.0f;
}

}  // namespace fp4::numerics
