#include "trainer/precision/operands.h"

#include "absl/strings/str_cat.h"
#include "spec/gemm_shapes.h"

namespace fp4::trainer {
namespace {

LinearOperands::Second SourceOf(const spec::GemmPrecision& gemm,
                                const spec::OperandPrecision& in_fprop) {
  if (gemm.b_as_in_fprop && gemm.b == in_fprop) return LinearOperands::Second::kAsInFprop;
  return gemm.b.from_forward ? LinearOperands::Second::kFromForward : LinearOperands::Second::kOwn;
}

// Makes the quantizers of one layer.
struct Maker {
  const spec::LayerPrecision& precision;
  at::ScalarType compute_type;
  const StepContext& context;
  Backend& backend;

  OperandQuantizer Make(spec::OperandUse use) const {
    const spec::GemmPrecision& gemm = precision.gemm(use.gemm);
    return {use.second ? gemm.b : gemm.a,
            absl::StrCat(precision.layer, "/", std::string(spec::GemmName(use.gemm))),
            use.second ? "b" : "a",
            compute_type,
            context,
            backend};
  }
};

}  // namespace

LinearOperands::LinearOperands(const spec::LayerPrecision& precision, at::ScalarType compute_type,
                               const StepContext& context, Backend& backend)
    : fprop_a(Maker{precision, compute_type, context, backend}.Make({spec::Gemm::kFprop, false})),
      fprop_b(Maker{precision, compute_type, context, backend}.Make({spec::Gemm::kFprop, true})),
      dgrad_a(Maker{precision, compute_type, context, backend}.Make({spec::Gemm::kDgrad, false})),
      dgrad_b(Maker{precision, compute_type, context, backend}.Make({spec::Gemm::kDgrad, true})),
      wgrad_a(Maker{precision, compute_type, context, backend}.Make({spec::Gemm::kWgrad, false})),
      wgrad_b(Maker{precision, compute_type, context, backend}.Make({spec::Gemm::kWgrad, true})),
      dgrad_weight(SourceOf(precision.gemm(spec::Gemm::kDgrad), precision.weight())),
      wgrad_input(
          SourceOf(precision.gemm(spec::Gemm::kWgrad), precision.gemm(spec::Gemm::kFprop).a)),
      dgrad_blocks_as_in_fprop(precision.gemm(spec::Gemm::kDgrad).b_as_in_fprop),
      wgrad_blocks_as_in_fprop(precision.gemm(spec::Gemm::kWgrad).b_as_in_fprop),
      takes_rows_whole(spec::QuantizesRows(precision)) {}

}  // namespace fp4::trainer
