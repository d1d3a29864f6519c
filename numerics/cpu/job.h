// What the vector kernels are told: one quantization, and one unit of it. A unit is a contiguous
// piece of the tensor that holds whole blocks and ends on a byte of packed codes, so that units are
// independent of each other.
#pragma once

#include <cstdint>

#include "numerics/block_format.h"

namespace fp4::numerics::cpu {

struct Job {
  const FormatInfo* info = nullptr;
  ResolvedOptions resolved;
  ElementType element = ElementType::kOther;
  ScaleRule rule = ScaleRule::kNone;  // kNone where the block is kElement
  bool stochastic = false;
  bool ms_eden = false;
  FourOverSix four_over_six = FourOverSix::kOff;
  TwoLevelRule two_level;
  float eden_scale = 1.0f;
  float factor = 1.0f;  // decoded values of kTwoLevel are multiplied by it after their block scale
  uint64_t key = 0, step = 0;
};

// The scales of blocks, each in an array of its own: kernels load them by the vector or broadcast
// one.
struct BlockScales {
  float* encode = nullptr;  // NaN: the block is poisoned
  float* decode = nullptr;
  uint32_t* stored = nullptr;  // null: nobody asks for them

  BlockScales From(int64_t block) const {
    return {encode + block, decode + block, stored == nullptr ? nullptr : stored + block};
  }
  void Set(int64_t block, const BlockScale& scale) const {
    encode[block] = scale.poisoned ? BitsFloat(kNanBits) : scale.encode;
    decode[block] = scale.decode;
    if (stored != nullptr) stored[block] = scale.stored;
  }
};
// The scale kernel writes whole vectors: room for this many more behind the last block.
inline constexpr int64_t kScalePadding = 64;

// A matrix of `rows` x `columns` elements in one piece of memory, cut into tiles of `tile_rows` x
// `tile_columns`; those at the edges are smaller. Tiles are numbered row-major from `first_block`.
// A part of a unit is one too, but for its rows, which lie `stride` apart.
struct Unit {
  int64_t rows = 0, columns = 0, stride = 0;
  int64_t tile_rows = 1, tile_columns = 0;
  int64_t first_block = 0;
  int64_t first_element = 0;  // of the tensor
  const float* values = nullptr;
  const uint32_t* random = nullptr;  // a word for each element; with stochastic rounding
  float* decoded = nullptr;          // of the round trip; may be `values`
  bool stream = false;               // write `decoded` past the cache
  uint8_t* codes = nullptr;          // of the encoding: a byte for each element
  BlockScales scales;                // of each block; of the round trip null where they follow
                                     // from the maxima, and are found on the way
  int64_t ahead = 0;       // how many elements ahead the round trip fetches; 0: it does not
  bool one_scale = false;  // of all blocks: the first

  int64_t size() const { return rows * columns; }
};

// The kernels, each dispatched to the best instruction set of this machine.
// unit.scales from unit.values; room for kScalePadding more.
void ScaleUnit(const Job& job, const Unit& unit);
void SearchUnit(const Job& job, const Unit& unit);  // of four-over-six and MS-EDEN, for ScaleUnit
void RoundTripUnit(const Job& job, const Unit& unit);
void EncodeUnit(const Job& job, const Unit& unit);

// decoded = table[codes] * scales[block] * factor; `scales` are those of the unit's blocks, null:
// no scale. `small`: no code is 16 or more.
void DecodeUnit(const Unit& unit, const float* table, bool small, const float* scales,
                const float* factor);

// Adds the magnitudes of values to `sum` in double and in order, as if one by one; returns false
// when one is not finite, and the sum means nothing.
bool AddMagnitudes(const float* values, int64_t size, double* sum);

// The largest bits of |value|: at least kInfinityBits when one is not finite. The second leaves
// those out.
uint32_t MaxAbsBits(const float* values, int64_t size);
uint32_t MaxFiniteAbsBits(const float* values, int64_t size);

// Groups of n consecutive elements rotated by RotateGroup or RotateGroupBack.
void Rotate(float* values, int64_t size, int n, const float* signs, bool back);

// fp16, bf16 and fp32, which have no scale: their codes as stored, and back.
void EncodeWideUnit(const Job& job, const Unit& unit, uint8_t* packed);
void DecodeWideUnit(const Unit& unit, const uint8_t* packed, ElementType element);

// RandomBits of `size` elements from `first`, a multiple of 4; writes up to 64 words more.
void FillRandom(uint64_t key, uint64_t step, int64_t first, int64_t size, uint32_t* words);

// RandomBits of `count` elements from `first`, each `stride` further; both are multiples of 4.
void FillBlockRandom(uint64_t key, uint64_t step, int64_t first, int64_t stride, int64_t count,
                     uint32_t* words);

// Bytes to packed codes of 1, 2, 4 or 8 bits and back. The pieces begin on a byte.
void PackUnit(const uint8_t* codes, int64_t size, int bits, bool high_first, uint8_t* packed);
void UnpackUnit(const uint8_t* packed, int64_t size, int bits, bool high_first, uint8_t* codes);

}  // namespace fp4::numerics::cpu
