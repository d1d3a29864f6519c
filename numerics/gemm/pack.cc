// From the storage of numerics/format.h to the panels of numerics/gemm/kernel.h.
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <mutex>

#include "numerics/arithmetic/elements.h"
#include "numerics/arithmetic/float_mode.h"
#include "numerics/gemm/gemm.h"
#include "numerics/gemm/kernel.h"
#include "numerics/gemm/operand.h"

namespace fp4::numerics {
namespace {

using cpu::kGroup;
using cpu::kGroupBytes;
using cpu::kPanelColumns;
using cpu::kPanelRows;

// The two doubled elements of a byte of codes, the first in the low half.
struct ElementPairs {
  std::array<uint16_t, 256> values = {};
  std::array<int8_t, 256> sums = {};
  ElementPairs() {
    for (uint32_t byte = 0; byte < 256; ++byte) {
      auto first = static_cast<int8_t>(2.0f * E2M1Value(byte & 15));
      auto second = static_cast<int8_t>(2.0f * E2M1Value(byte >> 4));
      values[byte] =
          static_cast<uint16_t>(static_cast<uint8_t>(first) | static_cast<uint8_t>(second) << 8);
      sums[byte] = static_cast<int8_t>(first + second);
    }
  }
};

// The exponents that E8M0 scales take.
struct ExponentRange {
  int min = std::numeric_limits<int>::max();
  int max = std::numeric_limits<int>::min();
  void Add(const ExponentRange& other) {
    min = std::min(min, other.min);
    max = std::max(max, other.max);
  }
};

// Reads an operand row by row, padded with zeros to whole blocks.
class RowReader {
 public:
  RowReader(const GemmOperand& operand, const GemmTerms& terms)
      : quantized_(*operand.quantized),
        columns_(terms.shape.columns),
        block_rows_(terms.block_rows),
        block_columns_(terms.block_columns),
        power_of_two_(operand.format->info().scale_rule == ScaleRule::kPowerOfTwo) {
    for (uint32_t byte = 0; byte < 256; ++byte)
      scales_[byte] = power_of_two_ ? E8M0Value(byte) : E4M3Value(byte);
  }

  int64_t num_blocks() const { return (columns_ + block_columns_ - 1) / block_columns_; }
  int64_t row_bytes() const { return num_blocks() * block_columns_ / 2; }

  // The codes of a row, two to a byte, first one low; zeros for a row beyond the matrix. The answer
  // lies in `scratch` or in the operand itself.
  const uint8_t* Codes(int64_t row, std::vector<uint8_t>& scratch) const {
    if (row < quantized_.shape.rows && columns_ % block_columns_ == 0)
      return quantized_.codes.data() + row * columns_ / 2;
    scratch.assign(static_cast<size_t>(row_bytes()), 0);
    if (row >= quantized_.shape.rows) return scratch.data();
    const uint8_t* from = quantized_.codes.data() + row * columns_ / 2;
    if (row * columns_ % 2 == 0) {
      std::memcpy(scratch.data(), from, static_cast<size_t>((columns_ + 1) / 2));
    } else {
      // The row starts in the high half of a byte.
      for (int64_t i = 0; i < columns_; ++i) {
        int code = from[(i + 1) / 2] >> (i % 2 == 0 ? 4 : 0) & 15;
        scratch[static_cast<size_t>(i / 2)] |= static_cast<uint8_t>(code << (i % 2 * 4));
      }
    }
    if (columns_ % 2 != 0) scratch[static_cast<size_t>(columns_ / 2)] &= 15;
    return scratch.data();
  }

  // The scale of a block whose codes, block_columns/2 bytes, are given. 0 for a block of zeros
  // unless its scale is NaN: the products are the same, and E8M0 then has no tiny scales that
  // nothing is multiplied by.
  float Scale(int64_t row, int64_t block, const uint8_t* codes, ExponentRange& range) const {
    if (row >= quantized_.shape.rows) return 0.0f;
    auto index = static_cast<size_t>(row / block_rows_ * num_blocks() + block);
    uint8_t stored = quantized_.scales[index];
    float scale = scales_[stored];
    if (IsNan(scale)) return BitsFloat(kNanBits);
    int magnitudes = 0;
    for (int64_t i = 0; i < block_columns_ / 2; ++i) magnitudes |= codes[i] & 0x77;
    if (magnitudes == 0) return 0.0f;
    if (power_of_two_) range.Add({stored - 127, stored - 127});
    return scale;
  }

 private:
  const Quantized& quantized_;
  const int64_t columns_, block_rows_, block_columns_;
  const bool power_of_two_;
  std::array<float, 256> scales_ = {};
};

// Calls pack(panel, range) for every panel, in parallel, and notes the exponents.
template <class Pack>
void ForEachPanel(int64_t num_panels, const ParallelFor& parallel, PackedOperand& packed,
                  Pack&& pack) {
  std::mutex mutex;
  ExponentRange all;
  parallel(num_panels, 1, [&](int64_t begin, int64_t end) {
    ScopedFloatMode float_mode;
    ExponentRange range;
    for (int64_t panel = begin; panel < end; ++panel) pack(panel, range);
    std::lock_guard lock(mutex);
    all.Add(range);
  });
  packed.min_exponent = all.min <= all.max ? all.min : 0;
  packed.max_exponent = all.min <= all.max ? all.max : 0;
}

// Row `row` of a panel into its blocks; `to` is the panel.
void PackRow(const RowReader& reader, const uint8_t* codes, int64_t matrix_row, int row,
             int block_columns, uint8_t* to, ExponentRange& range) {
  static const ElementPairs pairs;
  for (int64_t block = 0; block < reader.num_blocks(); ++block) {
    int32_t sum = 0;
    for (int group = 0; group < block_columns / kGroup; ++group) {
      uint8_t first = codes[2 * group], second = codes[2 * group + 1];
      sum += pairs.sums[first] + pairs.sums[second];
      uint32_t values = pairs.values[first] | static_cast<uint32_t>(pairs.values[second]) << 16;
      std::memcpy(to + (group * kPanelRows + row) * kGroup, &values, kGroup);
    }
    int32_t start = -cpu::kBias * sum;
    float scale = reader.Scale(matrix_row, block, codes, range);
    uint8_t* starts = to + kPanelRows * block_columns;
    std::memcpy(starts + 4 * row, &start, 4);
    std::memcpy(starts + 4 * (kPanelRows + row), &scale, 4);
    codes += block_columns / 2;
    to += FP4_GEMM_BLOCK_BYTES(block_columns);
  }
}

// Four codes of two bytes, each to the low half of a byte of its own.
uint32_t SpreadCodes(const uint8_t* codes) {
  uint32_t spread = codes[0] | static_cast<uint32_t>(codes[1]) << 16;
  return (spread | spread << 4) & 0x0F0F0F0F;
}

// Columns `column` and `column` + 16 of a panel of W.
void PackColumns(const RowReader& reader, const uint8_t* low, const uint8_t* high, int column,
                 uint8_t* to) {
  for (int64_t group = 0; group < reader.row_bytes() / 2; ++group) {
    uint32_t both = SpreadCodes(low + 2 * group) | SpreadCodes(high + 2 * group) << 4;
    std::memcpy(to + group * kGroupBytes + column * kGroup, &both, kGroup);
  }
}

}  // namespace

absl::Status PackActivations(const GemmOperand& x, PackedActivations& packed,
                             const ParallelFor& parallel) {
  absl::StatusOr<GemmTerms> terms = CheckGemmOperand("X", x);
  if (!terms.ok()) return terms.status();
  packed.terms = *terms;
  const RowReader reader(x, *terms);
  const auto block_columns = static_cast<int>(terms->block_columns);
  const int64_t panel_bytes = reader.num_blocks() * FP4_GEMM_BLOCK_BYTES(block_columns);
  const int64_t num_panels = (terms->shape.rows + kPanelRows - 1) / kPanelRows;
  packed.panels.resize(static_cast<size_t>(num_panels * panel_bytes));
  ForEachPanel(num_panels, parallel, packed, [&](int64_t panel, ExponentRange& range) {
    std::vector<uint8_t> scratch;
    for (int row = 0; row < kPanelRows; ++row) {
      int64_t matrix_row = panel * kPanelRows + row;
      PackRow(reader, reader.Codes(matrix_row, scratch), matrix_row, row, block_columns,
              packed.panels.data() + panel * panel_bytes, range);
    }
  });
  return absl::OkStatus();
}

absl::Status PackWeights(const GemmOperand& w, PackedWeights& packed, const ParallelFor& parallel) {
  absl::StatusOr<GemmTerms> terms = CheckGemmOperand("W", w);
  if (!terms.ok()) return terms.status();
  packed.terms = *terms;
  const RowReader reader(w, *terms);
  const int64_t num_panels = (terms->shape.rows + kPanelColumns - 1) / kPanelColumns;
  const int64_t panel_bytes = reader.row_bytes() / 2 * kGroupBytes;
  const int64_t panel_scales = reader.num_blocks() * kPanelColumns;
  packed.codes.resize(static_cast<size_t>(num_panels * panel_bytes));
  packed.scales.resize(static_cast<size_t>(num_panels * panel_scales));
  ForEachPanel(num_panels, parallel, packed, [&](int64_t panel, ExponentRange& range) {
    std::vector<uint8_t> scratch[2];
    for (int pair = 0; pair < kPanelColumns / 2; ++pair) {
      const uint8_t* codes[2];
      for (int half = 0; half < 2; ++half) {
        int column = pair + half * kPanelColumns / 2;
        int64_t row = panel * kPanelColumns + column;
        codes[half] = reader.Codes(row, scratch[half]);
        uint16_t* scales = packed.scales.data() + panel * panel_scales + column;
        for (int64_t block = 0; block < reader.num_blocks(); ++block) {
          float scale =
              reader.Scale(row, block, codes[half] + block * terms->block_columns / 2, range);
          scales[block * kPanelColumns] = static_cast<uint16_t>(FloatBits(scale * 0.25f) >> 16);
        }
      }
      PackColumns(reader, codes[0], codes[1], pair, packed.codes.data() + panel * panel_bytes);
    }
  });
  return absl::OkStatus();
}

}  // namespace fp4::numerics
