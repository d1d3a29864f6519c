// IEEE binary16: rounding only, without a scale.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "fp16",
    .summary = "IEEE binary16, rounding only",
    .bits_per_element = 16,
    .scale_type = ScaleType::kNone,
    .default_block = "none",
    .blocks = {"none"},
    .element = ElementType::kFp16,
    .scale_rule = ScaleRule::kNone,
    .stochastic_rounding = true,
    .reference = "IEEE 754",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
