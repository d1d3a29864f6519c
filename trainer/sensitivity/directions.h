// In which directions new units, or a freer weight, would lower the loss, and by how much.
//
// A unit that reads x as v^T x and adds u times that to an output whose gradient is g changes the
// mean loss by
//   t <M, u v^T> + 1/2 t^2 h,   M = sum of g x^T,   h its Gauss-Newton curvature,
// so that the best t gains <M, u v^T>^2 / (2 h). With h taken as (u^T S u) (v^T C v) (Martens &
// Grosse, arXiv 1503.05671), C the mean of x x^T and S that of the gradients for drawn targets, the
// best u and v are the leading singular pairs of S^-1/2 M C^-1/2, and different pairs add.
// docs/advice.md has the derivation and its limits.
#pragma once

#include <array>
#include <cstdint>

#include "trainer/torch.h"

namespace fp4::trainer {

// What one place shows of one micro-batch; rows of a record stand together.
struct PlaceTensors {
  at::Tensor input = {};     // x (rows, in) fp32
  at::Tensor read = {};      // (rows, w) fp32: what is read there already; undefined: nothing
  at::Tensor gradient = {};  // g (rows, out) fp32: of the mean loss
  at::Tensor sampled_gradient = {};  // the same for drawn targets
  int64_t records = 0, targets = 0;
  int64_t first_record = 0;  // the number of the first record among all that are measured
};

// Records are split in two halves by their numbers, even and odd: directions come from one, gains
// from the other, so that noise gains nothing on average.
inline constexpr int kHalves = 2;

// Rows of the records of one half. (rows, n) → (rows of them, n)
at::Tensor OfHalf(const at::Tensor& values, const PlaceTensors& of, int half);

// Sums over micro-batches, in fp64 on the CPU.
class PlaceMoments {
 public:
  void Add(const PlaceTensors& seen);
  bool empty() const { return micro_batches_ == 0; }

 private:
  friend class DirectionFinder;
  std::array<at::Tensor, kHalves> product_, read_product_;  // g^T x (out, in), g^T read (out, w)
  std::array<int64_t, kHalves> records_ = {};
  at::Tensor input_, read_, read_input_;  // x^T x (in, in), read^T read (w, w), read^T x (w, in)
  at::Tensor curvature_;                  // S (out, out)
  int64_t micro_batches_ = 0;
};

// K directions. A unit's value is x v - read r: what is read already is taken out.
struct Directions {
  at::Tensor u, v, r;  // (out, K), (in, K), (w, K), fp32 on the CPU; r undefined: nothing is read
};

class DirectionFinder {
 public:
  // `reach` (out, w), or undefined: outputs in its columns' span are within reach of the weights
  // that there are, and directions are at right angles to them in the metric of S.
  DirectionFinder(const PlaceMoments& moments, const at::Tensor& reach);

  // Those of one half's gradients, at most `count`, the largest gain first.
  Directions Find(int half, int64_t count) const;

 private:
  const PlaceMoments& moments_;
  at::Tensor read_weights_;             // (in, w): x is nearly read_weights_ read
  at::Tensor input_basis_, out_basis_;  // columns of length one in the metrics of C and S
  at::Tensor reached_;                  // an orthonormal basis, in the coordinates of out_basis_
};

// Samples of one set of directions, a row for each record: the mean of `first` over records is
// <M, u v^T>, that of `second` is h. fp64 on the CPU.
class DirectionSamples {
 public:
  void Add(const PlaceTensors& seen, const Directions& directions);
  // (records of a half, K); (records, K)
  at::Tensor first(int half) const { return at::cat(first_[static_cast<size_t>(half)]); }
  at::Tensor second() const { return at::cat(second_); }

 private:
  std::array<std::vector<at::Tensor>, kHalves> first_;
  std::vector<at::Tensor> second_;
};

struct Gain {
  double gain = 0, variance = 0;
};

// Of the first `count` directions together, from records that had no part in finding them: the
// square of a mean less that mean's own variance, so that a mean of nothing gains nothing.
// (records, K), (records, K)
Gain GainOf(const at::Tensor& first, const at::Tensor& second, int64_t count);

// The step (out, in) along all directions that the records they come from ask for: each Newton's,
// less what is noise (spec::Shrunk).
at::Tensor StepOf(const Directions& directions, const at::Tensor& first, const at::Tensor& second);

}  // namespace fp4::trainer
