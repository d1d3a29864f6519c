// Weights that nobody trained: what a format is compared on where there is no tensor at hand.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "numerics/format.h"

namespace fp4::numerics::analysis {

enum class InitScheme : uint8_t {
  kNormal,           // N(0, 0.02²), GPT-2 and most of its successors
  kTruncatedNormal,  // the same, drawn again beyond two standard deviations
  kXavierUniform,    // U(±√(6 / (fan_in + fan_out))), Glorot and Bengio 2010
  kXavierNormal,     // N(0, 2 / (fan_in + fan_out))
  kKaimingUniform,   // U(±√(6 / fan_in)), He et al. 2015, gain √2
  kKaimingNormal,    // N(0, 2 / fan_in)
  kStudentT,         // 0.02 · t with 4 degrees of freedom: heavy tails, as training makes them
};

// Every scheme, in the order above.
std::span<const InitScheme> AllInitSchemes();
std::string_view InitSchemeName(InitScheme scheme);  // "Xavier uniform"

// A weight of that shape: fan_in is its columns, fan_out its rows. Equal arguments give equal
// values, element by element by Philox; schemes have streams of their own.
std::vector<float> GenerateWeight(InitScheme scheme, MatrixShape shape, uint64_t seed);

}  // namespace fp4::numerics::analysis
