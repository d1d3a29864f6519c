// OCP Microscaling v1.0 MXFP8: E4M3 elements, a power of two for 32 of them along a row.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "mxfp8",
    .summary = "OCP MXFP8: E4M3 elements, E8M0 scale per 32 along a row",
    .bits_per_element = 8,
    .scale_type = ScaleType::kE8M0,
    .default_block = "1x32",
    .blocks = {"1x32"},
    .element = ElementType::kE4M3,
    .scale_rule = ScaleRule::kPowerOfTwo,
    .stochastic_rounding = true,
    .scale_modes = true,
    .max_value = 448.0f,
    .reference = "OCP Microscaling v1.0; scale modes as torchao and Transformer Engine",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
