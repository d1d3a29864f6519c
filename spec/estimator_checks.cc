#include "spec/estimator_checks.h"

#include "absl/strings/str_cat.h"
#include "numerics/format.h"
#include "spec/gemm_shapes.h"
#include "spec/recipes.h"

namespace fp4::spec {
namespace {

using numerics::ElementType;

bool Has(const OperandPrecision& weight, std::initializer_list<ElementType> elements) {
  const numerics::Format* format = numerics::FindFormat(weight.format);
  for (const ElementType element : elements) {
    if (format != nullptr && format->info().element == element) return true;
  }
  return false;
}

// What the estimator asks of the weight's format.
std::string FormatFault(const LayerPrecision& layer) {
  const OperandPrecision& weight = layer.weight();
  switch (layer.estimator) {
    case Estimator::kStraightThrough:
    case Estimator::kNone:
      return "";
    case Estimator::kDge:
      if (!Has(weight, {ElementType::kE2M1})) return "needs E2M1 weights: e2m1, mxfp4 or nvfp4";
      return weight.options.hadamard == 0 ? "" : "takes weights that are not rotated";
    case Estimator::kQuest: {
      const bool integer = Has(weight, {ElementType::kInt4, ElementType::kInt8});
      if (!integer && weight.format != "mxfp4") return "needs weights in int4, int8 or mxfp4";
      const int64_t group = integer ? 128 : 32;
      if (layer.in_features % group == 0) return "";
      return absl::StrCat("rotates groups of ", group, ", which do not divide the ",
                          layer.in_features, " inputs");
    }
    case Estimator::kLsq:
    case Estimator::kNoise:
      return Has(weight, {ElementType::kE2M1, ElementType::kInt4, ElementType::kInt8,
                          ElementType::kTernary})
                 ? ""
                 : "needs weights with a grid to scale: e2m1, mxfp4, nvfp4, int4, int8 or ternary";
  }
  return "";
}

// Estimators that make the weight themselves know its format's numbers, and nothing of how the
// format scales or rotates.
bool MakesWeight(Estimator estimator) {
  return estimator == Estimator::kQuest || LearnsScale(estimator);
}

bool HasOptionsBesidesBlock(const OperandPrecision& weight) {
  numerics::QuantizeOptions plain;
  plain.block = weight.options.block;
  return !(weight.options == plain);
}

// What a learning estimator asks of the layer.
std::string LayerFault(const LayerPrecision& layer) {
  if (layer.is_lookup) return "is for linear layers, not for a look-up";
  if (!layer.shares.empty())
    return absl::StrCat("would change the gradient that it shares with ", layer.shares,
                        "; set model.tie_embeddings to false");
  if (layer.weight().options.rounding == numerics::Rounding::kStochastic)
    return "takes weights that are rounded to nearest";
  if (MakesWeight(layer.estimator) && HasOptionsBesidesBlock(layer.weight()))
    return "scales and rotates the weights by itself; leave out options of their format but block";
  return FormatFault(layer);
}

std::string OriginFault(const LayerPrecision& layer) {
  for (const OperandUse use : kOperandUses) {
    const GemmPrecision& gemm = layer.gemm(use.gemm);
    const OperandPrecision& operand = use.second ? gemm.b : gemm.a;
    const bool second_of_backward = use.second && use.gemm != Gemm::kFprop;
    if (operand.from_forward && (!second_of_backward || gemm.b_as_in_fprop)) {
      return "source 'forward' is for the weights of dgrad and the activations of wgrad, given "
             "under those";
    }
    if (operand.options.ms_eden && use.gemm == Gemm::kFprop) {
      return "ms_eden is for dgrad and wgrad, given under those: it draws random numbers, and an "
             "evaluation takes none";
    }
    const bool activations = TensorOf(use) == OperandTensor::kActivations;
    if (operand.outlier_quantile > 0 && !activations) return "outlier_quantile is for activations";
    if (operand.outlier_quantile > 0 && operand.outlier_quantile < 0.5)
      return absl::StrCat("outlier_quantile is ", operand.outlier_quantile,
                          "; allowed: 0, or from 0.5 to below 1");
    if (operand.outlier_quantile > 0 && use.gemm == Gemm::kWgrad && !gemm.b_as_in_fprop)
      return "outlier_quantile is for activations as fprop takes them";
  }
  return "";
}

}  // namespace

std::string EstimatorFault(const LayerPrecision& layer) {
  if (std::string fault = OriginFault(layer); !fault.empty())
    return absl::StrCat(fault, " (", layer.layer, ")");
  const bool plain =
      layer.estimator == Estimator::kStraightThrough || layer.estimator == Estimator::kNone;
  if (plain) return "";
  const std::string fault = LayerFault(layer);
  if (fault.empty()) return "";
  return absl::StrCat("estimator '", std::string(EstimatorName(layer.estimator)), "' of ",
                      layer.layer, " ", fault);
}

}  // namespace fp4::spec
