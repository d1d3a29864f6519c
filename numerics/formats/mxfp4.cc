// OCP Microscaling v1.0 MXFP4: E2M1 elements, a power of two for 32 of them along a row.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "mxfp4",
    .summary = "OCP MXFP4: E2M1 elements, E8M0 scale per 32 along a row",
    .bits_per_element = 4,
    .scale_type = ScaleType::kE8M0,
    .default_block = "1x32",
    .blocks = {"1x32"},
    .element = ElementType::kE2M1,
    .scale_rule = ScaleRule::kPowerOfTwo,
    .stochastic_rounding = true,
    .scale_modes = true,
    .max_value = 6.0f,
    .reference = "OCP Microscaling v1.0; scale modes as torchao and Transformer Engine",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
