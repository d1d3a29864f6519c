// What quantizing made of an operand of a layer's GEMMs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/measure/metric_values.h"
#include "trainer/precision/layer.h"
#include "trainer/precision/operand.h"

namespace fp4::trainer {

enum class Operand : uint8_t { kWeights, kActivations, kGradients };
std::string_view NameOf(Operand operand);  // "weights"

// Of one operand of one layer. Shares are fractions; elements that are not finite are left out of
// those of activations and gradients.
struct OperandFacts {
  std::string layer;
  Operand operand = Operand::kWeights;
  const numerics::FormatInfo* format = nullptr;  // null: an estimator made it
  double mean_error = 0;                         // mean |Q(x) - x|; of weights only
  double relative_error = 0;                     // |Q(x) - x| / |x|, 2-norms over all elements
  double sqnr_db = 0;                            // -20 log10 of that; infinite without error
  double zeros = 0;    // of the elements that are not 0, those that became 0
  double largest = 0;  // magnitude before quantizing; of weights only
  // The largest number of a format whose elements have no scale; of weights only.
  std::optional<double> largest_held = {};

  struct Scales {
    double clipped = 0;  // elements beyond the largest magnitude that their block's scale reaches
    // Blocks whose scale stands at the smallest or the largest code of its type.
    double at_smallest = 0, at_largest = 0;
  };
  std::optional<Scales> scales = {};  // nothing where an estimator made the operand
};

// Of `operand` as `quantizer` made it of `values`, both (rows, columns) with the blocks along the
// columns; layer and operand are left to the caller. A large operand is measured at its first rows,
// so many that they have kMeasuredElements elements, whatever its size, in little time and memory.
// The scale of the whole tensor is that of all rows, except behind a rotation.
inline constexpr int64_t kMeasuredElements = int64_t{1} << 16;
OperandFacts MeasureOperand(const OperandQuantizer& quantizer, const at::Tensor& values,
                            const at::Tensor& operand);

// Of a weight as fprop sees it, all of it but for the scales. `layer` has a quantized weight.
OperandFacts MeasureWeight(const QuantizedLayer& layer);

// As metrics of base/metric_names.h: quant/<layer>/weight_error, …
MetricValues MetricsOf(const OperandFacts& facts);

}  // namespace fp4::trainer
