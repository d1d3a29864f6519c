// The definition of Multiply in numerics/gemm/gemm.h, one output at a time.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "numerics/arithmetic/block_grid.h"
#include "numerics/arithmetic/elements.h"
#include "numerics/arithmetic/float_mode.h"
#include "numerics/arithmetic/packing.h"
#include "numerics/block_format.h"
#include "numerics/gemm/gemm.h"
#include "numerics/gemm/operand.h"

namespace fp4::numerics {
namespace {

// One operand, read from its storage.
class Operand {
 public:
  Operand(const GemmOperand& operand, const GemmTerms& terms)
      : elements_(static_cast<size_t>(terms.shape.size())),
        grid_{terms.shape, terms.block_rows, terms.block_columns},
        scales_(DecodeScales(operand.format->info(), *operand.quantized, grid_.count())) {
    for (size_t i = 0; i < elements_.size(); ++i) {
      elements_[i] =
          E2M1Value(UnpackCode(operand.quantized->codes, static_cast<int64_t>(i), 4, false));
    }
  }

  int64_t num_blocks() const { return grid_.grid_columns(); }  // along K

  // Of row `row` in block `block` along K.
  double Scale(int64_t row, int64_t block) const {
    return scales_[static_cast<size_t>(row / grid_.rows * grid_.grid_columns() + block)];
  }

  double Element(int64_t row, int64_t column) const {
    return elements_[static_cast<size_t>(row * grid_.shape.columns + column)];
  }

 private:
  std::vector<double> elements_;
  const BlockGrid grid_;
  const std::vector<float> scales_;
};

float DotRows(const Operand& x, int64_t m, const Operand& w, int64_t n, const GemmTerms& terms) {
  float sum = 0.0f;
  for (int64_t block = 0; block < x.num_blocks(); ++block) {
    int64_t begin = block * terms.block_columns;
    int64_t end = std::min(begin + terms.block_columns, terms.shape.columns);
    // Multiples of 1/4 below 2^11, and three factors of at most 13, 4 and 4 bits: fp64 is exact.
    double dot = 0.0;
    for (int64_t k = begin; k < end; ++k) dot += x.Element(m, k) * w.Element(n, k);
    sum += static_cast<float>(dot * x.Scale(m, block) * w.Scale(n, block));
  }
  return sum;
}

}  // namespace

absl::Status MultiplyReference(const GemmOperand& x, const GemmOperand& w, std::span<float> y) {
  absl::StatusOr<GemmTerms> x_terms = CheckGemmOperand("X", x);
  if (!x_terms.ok()) return x_terms.status();
  absl::StatusOr<GemmTerms> w_terms = CheckGemmOperand("W", w);
  if (!w_terms.ok()) return w_terms.status();
  if (absl::Status status = CheckGemmPair(*x_terms, *w_terms, y.size()); !status.ok())
    return status;
  ScopedFloatMode float_mode;
  const Operand x_operand(x, *x_terms), w_operand(w, *w_terms);
  const double factor = x_terms->factor * w_terms->factor;
  const int64_t num_columns = w_terms->shape.rows;
  for (int64_t m = 0; m < x_terms->shape.rows; ++m) {
    for (int64_t n = 0; n < num_columns; ++n) {
      float sum = DotRows(x_operand, m, w_operand, n, *x_terms);
      auto value = static_cast<float>(static_cast<double>(sum) * factor);
      y[static_cast<size_t>(m * num_columns + n)] = IsNan(value) ? BitsFloat(kNanBits) : value;
    }
  }
  return absl::OkStatus();
}

}  // namespace fp4::numerics
