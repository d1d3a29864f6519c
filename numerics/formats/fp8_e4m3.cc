// OCP 8-bit floating point E4M3, saturating, under one fp32 scale per tensor, row or block; "none"
// only rounds.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "fp8_e4m3",
    .summary = "OCP FP8 E4M3, fp32 scale per tensor, row or block of 128",
    .bits_per_element = 8,
    .scale_type = ScaleType::kFp32,
    .default_block = "tensor",
    .blocks = {"tensor", "row", "1x128", "none"},
    .element = ElementType::kE4M3,
    .scale_rule = ScaleRule::kDivided,
    .stochastic_rounding = true,
    .max_value = 448.0f,
    .reference = "OCP 8-bit floating point v1.0",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
