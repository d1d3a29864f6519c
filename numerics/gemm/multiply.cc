#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "numerics/arithmetic/float_mode.h"
#include "numerics/gemm/dispatch.h"
#include "numerics/gemm/gemm.h"
#include "numerics/gemm/operand.h"

namespace fp4::numerics {
namespace cpu {
namespace {

// Rows of Y in one task: unpacking W is paid once for them, and their sums for 32 columns stay in
// the second-level cache.
constexpr int kTaskRows = 32 * kPanelRows;
// Multiplications that are worth waking a thread for.
constexpr int64_t kWorthAThread = int64_t{1} << 18;

// One product being computed.
class Product {
 public:
  Product(const GemmKernels& kernels, const PackedActivations& x, const PackedWeights& w,
          std::span<float> y)
      : kernels_(kernels), x_(x), w_(w), y_(y), factor_(x.terms.factor * w.terms.factor) {}

  int64_t num_tasks() const { return RowBlocks() * Panels(); }
  // Of one task, about.
  int64_t multiplications() const {
    return std::min<int64_t>(num_rows_, kTaskRows) * kPanelColumns * x_.terms.shape.columns;
  }

  // Tasks are independent of each other. Neighbours share their rows of X.
  void Run(int64_t task) const {
    alignas(64) float sums[kTaskRows * kPanelColumns];
    const int64_t first_row = task / Panels() * kTaskRows;
    const int64_t panel = task % Panels();
    const auto rows = static_cast<int>(std::min<int64_t>(kTaskRows, num_rows_ - first_row));
    std::fill_n(sums, rows * kPanelColumns, 0.0f);
    const int64_t chunk_blocks = kChunk / block_columns_;
    for (int64_t block = 0; block < num_blocks_; block += chunk_blocks) {
      AddChunk(first_row, rows, panel, block,
               static_cast<int>(std::min(chunk_blocks, num_blocks_ - block)), sums);
    }
    const int64_t first_column = panel * kPanelColumns;
    const auto size =
        static_cast<int>(std::min<int64_t>(kPanelColumns, num_columns_ - first_column));
    for (int row = 0; row < rows; ++row) {
      kernels_.finish(sums + row * kPanelColumns, factor_, size,
                      y_.data() + (first_row + row) * num_columns_ + first_column);
    }
  }

 private:
  int64_t RowBlocks() const { return (num_rows_ + kTaskRows - 1) / kTaskRows; }
  int64_t Panels() const { return (num_columns_ + kPanelColumns - 1) / kPanelColumns; }

  // Blocks [first_block, first_block + blocks) of K.
  void AddChunk(int64_t first_row, int rows, int64_t panel, int64_t first_block, int blocks,
                float* sums) const {
    alignas(64) uint8_t w[kChunk * kPanelColumns];
    alignas(64) float w_scales[kChunk / 16 * kPanelColumns];
    const int groups = block_columns_ / kGroup;
    const int64_t block_of_w = panel * num_blocks_ + first_block;
    kernels_.unpack_codes(w_.codes.data() + block_of_w * groups * kGroupBytes, blocks * groups, w);
    kernels_.unpack_scales(w_.scales.data() + block_of_w * kPanelColumns, blocks * kPanelColumns,
                           w_scales);
    const int64_t block_bytes = FP4_GEMM_BLOCK_BYTES(block_columns_);
    GemmStep step = {
        .w = w, .w_scales = w_scales, .block_columns = block_columns_, .num_blocks = blocks};
    for (int row = 0; row < rows; row += kPanelRows) {
      int64_t block_of_x = (first_row + row) / kPanelRows * num_blocks_ + first_block;
      step.x = x_.panels.data() + block_of_x * block_bytes;
      step.num_rows = std::min(kPanelRows, rows - row);
      step.sums = sums + row * kPanelColumns;
      kernels_.multiply(step);
    }
  }

  const GemmKernels& kernels_;
  const PackedActivations& x_;
  const PackedWeights& w_;
  const std::span<float> y_;
  const double factor_;
  const int64_t num_rows_ = x_.terms.shape.rows, num_columns_ = w_.terms.shape.rows;
  const int block_columns_ = static_cast<int>(x_.terms.block_columns);
  const int64_t num_blocks_ = (x_.terms.shape.columns + block_columns_ - 1) / block_columns_;
};

// Whether every product of an x scale, a w scale divided by 4 and a dot product below 2^13 is a
// number of fp32: then its rounding is none, and the fast kernels may leave it out.
bool ProductsAreExact(const PackedOperand& x, const PackedOperand& w) {
  return x.min_exponent + w.min_exponent - 2 >= -149 &&
         x.max_exponent + w.max_exponent - 2 + 13 <= 127;
}

}  // namespace

void MultiplyWith(const GemmKernels& kernels, const PackedActivations& x, const PackedWeights& w,
                  std::span<float> y, const ParallelFor& parallel) {
  const Product product(ProductsAreExact(x, w) ? kernels : kGemmPortableWide, x, w, y);
  const int64_t grain = std::max<int64_t>(1, kWorthAThread / product.multiplications());
  parallel(product.num_tasks(), grain, [&](int64_t begin, int64_t end) {
    ScopedFloatMode float_mode;
    for (int64_t task = begin; task < end; ++task) product.Run(task);
  });
}

}  // namespace cpu

absl::Status Multiply(const PackedActivations& x, const PackedWeights& w, std::span<float> y,
                      const ParallelFor& parallel, GemmPath path) {
  if (absl::Status status = CheckGemmPair(x.terms, w.terms, y.size()); !status.ok()) return status;
  const cpu::GemmKernels* kernels = cpu::FindGemmKernels(path);
  if (kernels == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("path ", std::string(GemmPathName(path)),
                                                   ": this machine lacks the instructions"));
  }
  cpu::MultiplyWith(*kernels, x, w, y, parallel);
  return absl::OkStatus();
}

}  // namespace fp4::numerics
