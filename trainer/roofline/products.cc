#include "trainer/roofline/products.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "spec/model_tensors.h"

namespace fp4::trainer {
namespace {

// "blocks.*.mlp.up" of "blocks.3.mlp.up": layers of one kind.
std::string KindOf(const std::string& layer) {
  const spec::LayerName name = spec::SplitLayerName(layer);
  if (name.number < 0) return layer;
  return absl::StrCat(name.stem, ".*", name.rest.empty() ? "" : ".", name.rest);
}

Product Make(const spec::TensorInfo& tensor, spec::Gemm gemm, int64_t rows) {
  const int64_t out = tensor.out_features(), in = tensor.in_features();
  Product product{.layers = KindOf(tensor.layer()), .gemm = gemm};
  switch (gemm) {
    case spec::Gemm::kFprop:
      product.m = rows, product.k = in, product.n = out;
      break;
    case spec::Gemm::kDgrad:
      product.m = rows, product.k = out, product.n = in;
      break;
    case spec::Gemm::kWgrad:
      product.m = out, product.k = rows, product.n = in;
      break;
  }
  return product;
}

bool SameKind(const Product& a, const Product& b) {
  return a.layers == b.layers && a.gemm == b.gemm && a.m == b.m && a.k == b.k && a.n == b.n;
}

double ResultBits(const Product& product, double compute_bits) {
  return product.gemm == spec::Gemm::kWgrad ? 32 : compute_bits;
}

}  // namespace

double Product::flop() const {
  return 2.0 * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n);
}

double Product::bytes(double operand_bits, double result_bits) const {
  const auto operands = static_cast<double>(m * k + k * n);
  return (operands * operand_bits + static_cast<double>(m * n) * result_bits) / 8;
}

std::vector<Product> ProductsOf(const spec::RunSpec& run) {
  std::vector<Product> products;
  for (const spec::TensorInfo& tensor : spec::ModelLayers(run.model)) {
    if (tensor.role == spec::TensorRole::kLookup) continue;
    const auto row = std::ranges::find(run.layers, tensor.layer(), &spec::LayerPrecision::layer);
    const bool frozen = row != run.layers.end() && row->estimator == spec::Estimator::kNone;
    const int64_t rows = run.training.micro_batch_size * tensor.rows_per_record;
    for (const spec::Gemm gemm : {spec::Gemm::kFprop, spec::Gemm::kDgrad, spec::Gemm::kWgrad}) {
      if (gemm == spec::Gemm::kWgrad && frozen) continue;
      const Product product = Make(tensor, gemm, rows);
      const auto known = std::ranges::find_if(
          products, [&product](const Product& other) { return SameKind(product, other); });
      if (known != products.end()) {
        ++known->count;
      } else {
        products.push_back(product);
      }
    }
  }
  return products;
}

Bound BoundOf(const Product& product, double compute_bits, double flops, double bandwidth) {
  return {.memory = product.bytes(compute_bits, ResultBits(product, compute_bits)) / bandwidth,
          .arithmetic = product.flop() / flops};
}

Bound FourBitBoundOf(const Product& product, double compute_bits, double flops, double bandwidth) {
  return {.memory = product.bytes(kFourBits, ResultBits(product, compute_bits)) / bandwidth,
          .arithmetic = product.flop() / (kFourBitSpeed * flops)};
}

}  // namespace fp4::trainer
