// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3" (SC 2011). Stateless: the same key and counter give the same four words on every
// machine, in any order and on any thread. Usable in device code.
#pragma once

#include <cstdint>

#include "numerics/arithmetic/host_device.h"

namespace fp4::numerics {

// 128 random bits, which pass the BigCrush tests of TestU01 (the paper above).
struct PhiloxWords {
  uint32_t words[4];
};

// The ten rounds of the generator. `key` and the two halves of the counter are taken low word
// first, as the vectors that its authors publish have them.
FP4_HOST_DEVICE inline PhiloxWords Philox(uint64_t key, uint64_t counter_low,
                                          uint64_t counter_high) {
  constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  uint32_t c0 = static_cast<uint32_t>(counter_low), c1 = static_cast<uint32_t>(counter_low >> 32);
  uint32_t c2 = static_cast<uint32_t>(counter_high), c3 = static_cast<uint32_t>(counter_high >> 32);
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round, k0 += kWeyl0, k1 += kWeyl1) {
    uint64_t product0 = static_cast<uint64_t>(kMultiplier0) * c0;
    uint64_t product1 = static_cast<uint64_t>(kMultiplier1) * c2;
    c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ k0;
    c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<uint32_t>(product1);
    c3 = static_cast<uint32_t>(product0);
  }
  return {{c0, c1, c2, c3}};
}

}  // namespace fp4::numerics
