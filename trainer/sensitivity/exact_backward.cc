#include "trainer/sensitivity/exact_backward.h"

namespace fp4::trainer {
namespace {

spec::LayerPrecision WithExactBackward(spec::LayerPrecision row) {
  const spec::GemmPrecision& fprop = row.gemm(spec::Gemm::kFprop);
  const auto set = [&row](spec::Gemm gemm, const spec::OperandPrecision& second) {
    row.gemms[static_cast<size_t>(gemm)] = {.a = {}, .b = second, .b_as_in_fprop = true};
  };
  if (row.is_lookup) return row;
  set(spec::Gemm::kDgrad, fprop.b);
  set(spec::Gemm::kWgrad, fprop.a);
  return row;
}

}  // namespace

ExactBackward::ExactBackward(Model& model) : model_(model), table_(model.table()) {
  std::vector<spec::LayerPrecision> exact;
  for (const spec::LayerPrecision& row : table_) exact.push_back(WithExactBackward(row));
  model_.SetTraining(false);
  model_.Use(exact);
}

ExactBackward::~ExactBackward() {
  model_.SetTraining(true);
  model_.Use(table_);
}

}  // namespace fp4::trainer
