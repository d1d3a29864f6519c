// bfloat16: rounding only, without a scale.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "bf16",
    .summary = "bfloat16, rounding only",
    .bits_per_element = 16,
    .scale_type = ScaleType::kNone,
    .default_block = "none",
    .blocks = {"none"},
    .element = ElementType::kBf16,
    .scale_rule = ScaleRule::kNone,
    .stochastic_rounding = true,
    .reference = "round to nearest even of the upper half of fp32",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
