// Built-in vectors near a plane, of which it is known how well a linear map can do.
//
//   x = V diag(1.5^-j) z + noise eps,   j = 0 … intrinsic_dim - 1
//
// V (width, intrinsic_dim) has orthonormal columns, drawn from data.seed; z and eps have mean 0 and
// variance 1. The covariance of x has the eigenvalues 1.5^-2j + noise^2 along V, and noise^2 along
// the other width - intrinsic_dim directions. The best linear map through k values keeps the k
// largest and loses the sum of the others (the principal components; Eckart & Young, 1936):
//
//   error(k) = (sum over k <= j < intrinsic_dim of 1.5^-2j + (width - k) noise^2) / width
//
// for each element; what noise adds along the kept directions is kept.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "trainer/data/record_dataset.h"

namespace fp4::trainer {

// 1,048,576 training and 4,096 validation vectors, each an independent sample, made when asked for.
// Immutable, thread-safe.
class GeneratedVectors : public RecordDataset {
 public:
  // data.intrinsic_dim <= width.
  GeneratedVectors(const spec::DataSpec& data, int64_t width);

  int64_t record_size() const override { return width_; }
  int64_t num_records(Part part) const override;
  int64_t CopyRecord(Part part, int64_t index, std::span<float> values) const override;
  std::string sha256() const override;
  std::optional<double> BestLinearError(int64_t width) const override;

 private:
  const uint64_t seed_;
  const double noise_;
  const int64_t width_;
  std::vector<std::vector<double>> directions_;  // the columns of V times 1.5^-j
};

}  // namespace fp4::trainer
