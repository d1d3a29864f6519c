// NVIDIA NVFP4 (arXiv 2509.25149): E2M1 elements, an E4M3 scale per block, one fp32 scale for the
// tensor.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "nvfp4",
    .summary = "NVIDIA NVFP4: E2M1 elements, E4M3 scale per 1x16 or 16x16, fp32 scale per tensor",
    .bits_per_element = 4,
    .scale_type = ScaleType::kE4M3,
    .default_block = "1x16",
    .blocks = {"1x16", "16x16"},
    .element = ElementType::kE2M1,
    .scale_rule = ScaleRule::kTwoLevel,
    .stochastic_rounding = true,
    .four_over_six = true,
    .max_value = 6.0f,
    .reference = "NVIDIA Transformer Engine",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
