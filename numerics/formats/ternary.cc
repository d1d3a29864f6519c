// BitNet b1.58 (arXiv 2402.17764): -1, 0, 1 times the mean magnitude of the tensor.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "ternary",
    .summary = "BitNet b1.58: -1, 0 or 1 times the mean magnitude of the tensor",
    .bits_per_element = 2,
    .scale_type = ScaleType::kNone,
    .default_block = "tensor",
    .blocks = {"tensor"},
    .element = ElementType::kTernary,
    .scale_rule = ScaleRule::kMean,
    .max_value = 1.0f,
    .reference = "BitNet b1.58, arXiv 2402.17764",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
