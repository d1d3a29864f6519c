#include "trainer/sensitivity/directions.h"

#include <algorithm>
#include <cmath>

#include "spec/budget/policy.h"

namespace fp4::trainer {
namespace {

// Below this share of the largest eigenvalue a direction of inputs or outputs is none.
constexpr double kLeastShare = 1e-4;
// The same for what is read already: beyond what fp32 sums lose.
constexpr double kLeastRead = 1e-6;

at::Tensor OnCpu(const at::Tensor& values) { return values.to(at::kCPU, at::kDouble); }

void AddTo(at::Tensor& sum, const at::Tensor& more) {
  sum = sum.defined() ? sum + OnCpu(more) : OnCpu(more);
}

int HalfOf(int64_t record) { return static_cast<int>(record % kHalves); }

// The columns b of a basis with b^T metric b = 1, of the eigenvectors beyond `floor`.
at::Tensor BasisOf(const at::Tensor& metric, double floor) {
  auto [values, vectors] = at::linalg_eigh(metric);
  const at::Tensor kept = at::nonzero(values > floor).flatten();
  return vectors.index_select(1, kept) / values.index_select(0, kept).sqrt();
}

double LargestEigenvalue(const at::Tensor& metric) {
  return at::linalg_eigvalsh(metric).max().item<double>();
}

// An orthonormal basis of the columns' span.
at::Tensor SpanOf(const at::Tensor& columns) {
  const auto [u, s, v] = at::linalg_svd(columns, /*full_matrices=*/false);
  const double largest = s.numel() == 0 ? 0 : s.max().item<double>();
  return u.index_select(1, at::nonzero(s > 1e-6 * largest).flatten());
}

}  // namespace

at::Tensor OfHalf(const at::Tensor& values, const PlaceTensors& of, int half) {
  const int64_t start = HalfOf(of.first_record) == half ? 0 : 1;
  const int64_t rows = values.size(0) / of.records, width = values.size(1);
  const at::Tensor half_of = values.view({of.records, rows, width})
                                 .slice(0, std::min(start, of.records), of.records, kHalves);
  return half_of.reshape({half_of.size(0) * rows, width});
}

void PlaceMoments::Add(const PlaceTensors& seen) {
  const auto rows = static_cast<double>(seen.input.size(0));
  const auto records = static_cast<double>(seen.records);
  for (int half = 0; half < kHalves; ++half) {
    const auto h = static_cast<size_t>(half);
    const at::Tensor gradient = OfHalf(seen.gradient, seen, half).t() * records;
    AddTo(product_[h], at::mm(gradient, OfHalf(seen.input, seen, half)));
    if (seen.read.defined())
      AddTo(read_product_[h], at::mm(gradient, OfHalf(seen.read, seen, half)));
    for (int64_t r = 0; r < seen.records; ++r) records_[h] += HalfOf(seen.first_record + r) == half;
  }
  AddTo(input_, at::mm(seen.input.t(), seen.input) / rows);
  if (seen.read.defined()) {
    AddTo(read_, at::mm(seen.read.t(), seen.read) / rows);
    AddTo(read_input_, at::mm(seen.read.t(), seen.input) / rows);
  }
  AddTo(curvature_, at::mm(seen.sampled_gradient.t(), seen.sampled_gradient) *
                        static_cast<double>(seen.targets));
  ++micro_batches_;
}

DirectionFinder::DirectionFinder(const PlaceMoments& moments, const at::Tensor& reach)
    : moments_(moments) {
  const auto count = static_cast<double>(moments.micro_batches_);
  at::Tensor input = moments.input_ / count;
  const double floor = kLeastShare * LargestEigenvalue(input);
  if (moments.read_.defined()) {
    const at::Tensor read = moments.read_ / count, read_input = moments.read_input_ / count;
    const at::Tensor basis = BasisOf(read, kLeastRead * LargestEigenvalue(read));
    read_weights_ = at::mm(at::mm(read_input.t(), basis), basis.t());
    input = input - at::mm(read_weights_, read_input);
    input = (input + input.t()) / 2;
  }
  input_basis_ = BasisOf(input, floor);
  const at::Tensor curvature = moments.curvature_ / count;
  out_basis_ = BasisOf(curvature, kLeastShare * LargestEigenvalue(curvature));
  if (reach.defined()) reached_ = SpanOf(at::mm(out_basis_.t(), at::mm(curvature, OnCpu(reach))));
}

Directions DirectionFinder::Find(int half, int64_t count) const {
  const auto h = static_cast<size_t>(half);
  const auto records = static_cast<double>(std::max<int64_t>(moments_.records_[h], 1));
  at::Tensor product = moments_.product_[h];
  if (read_weights_.defined())
    product = product - at::mm(moments_.read_product_[h], read_weights_.t());
  at::Tensor whitened = at::mm(at::mm(out_basis_.t(), product / records), input_basis_);
  if (reached_.defined()) whitened = whitened - at::mm(reached_, at::mm(reached_.t(), whitened));
  const auto [u, s, v] = at::linalg_svd(whitened, /*full_matrices=*/false);
  const int64_t rank = s.numel() == 0 ? 0 : (s > 1e-9 * s.max()).sum().item<int64_t>();
  const int64_t kept = std::min(count, rank);
  Directions found;
  found.u = at::mm(out_basis_, u.slice(1, 0, kept));
  found.v = at::mm(input_basis_, v.slice(0, 0, kept).t());
  if (read_weights_.defined()) found.r = at::mm(read_weights_.t(), found.v).to(at::kFloat);
  found.u = found.u.to(at::kFloat);
  found.v = found.v.to(at::kFloat);
  return found;
}

void DirectionSamples::Add(const PlaceTensors& seen, const Directions& directions) {
  const at::Device device = seen.input.device();
  const at::Tensor u = directions.u.to(device);
  at::Tensor values = at::mm(seen.input, directions.v.to(device));
  if (directions.r.defined()) values = values - at::mm(seen.read, directions.r.to(device));
  const int64_t rows = seen.input.size(0) / seen.records;
  // (records, K): the sum over the rows of each record.
  const auto products = [&](const at::Tensor& gradient) {
    return OnCpu((at::mm(gradient, u) * values).view({seen.records, rows, u.size(1)}).sum(1));
  };
  const auto records = static_cast<double>(seen.records);
  const at::Tensor first = products(seen.gradient) * records;
  PlaceTensors of_records = seen;
  for (int half = 0; half < kHalves; ++half)
    first_[static_cast<size_t>(half)].push_back(OfHalf(first, of_records, half));
  second_.push_back(products(seen.sampled_gradient).square() *
                    (static_cast<double>(seen.targets) * records));
}

Gain GainOf(const at::Tensor& first, const at::Tensor& second, int64_t count) {
  Gain sum;
  const int64_t records = first.size(0);
  if (records < 2) return sum;
  for (int64_t k = 0; k < std::min(count, first.size(1)); ++k) {
    const double mean = first.select(1, k).mean().item<double>();
    const double variance = first.select(1, k).var().item<double>() / static_cast<double>(records);
    const double curvature = second.select(1, k).mean().item<double>();
    if (!(curvature > 0)) continue;
    sum.gain += (mean * mean - variance) / (2 * curvature);
    sum.variance += (mean * mean * variance + variance * variance / 2) / (curvature * curvature);
  }
  return sum;
}

at::Tensor StepOf(const Directions& directions, const at::Tensor& first, const at::Tensor& second) {
  at::Tensor step = at::zeros({directions.u.size(0), directions.v.size(0)}, at::kFloat);
  const int64_t records = first.size(0);
  for (int64_t k = 0; records > 1 && k < first.size(1); ++k) {
    const double mean = first.select(1, k).mean().item<double>();
    const double error =
        std::sqrt(first.select(1, k).var().item<double>() / static_cast<double>(records));
    const double curvature = second.select(1, k).mean().item<double>();
    if (!(curvature > 0)) continue;
    step -= at::outer(directions.u.select(1, k), directions.v.select(1, k)) *
            (spec::Shrunk(mean, error) / curvature);
  }
  return step;
}

}  // namespace fp4::trainer
