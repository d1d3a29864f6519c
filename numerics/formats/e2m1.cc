// E2M1 elements under one fp32 scale per row or tensor (Wang et al., arXiv 2501.17116: a channel of
// the weights, a token of the activations).
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "e2m1",
    .summary = "E2M1 (FP4), fp32 scale per row or tensor",
    .bits_per_element = 4,
    .scale_type = ScaleType::kFp32,
    .default_block = "row",
    .blocks = {"row", "tensor", "1x128"},
    .element = ElementType::kE2M1,
    .scale_rule = ScaleRule::kDivided,
    .stochastic_rounding = true,
    .max_value = 6.0f,
    .reference = "Wang et al., arXiv 2501.17116",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
