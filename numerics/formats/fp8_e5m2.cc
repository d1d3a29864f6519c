// OCP 8-bit floating point E5M2, saturating, under one fp32 scale per tensor, row or block; "none"
// only rounds.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "fp8_e5m2",
    .summary = "OCP FP8 E5M2, fp32 scale per tensor, row or block of 128",
    .bits_per_element = 8,
    .scale_type = ScaleType::kFp32,
    .default_block = "tensor",
    .blocks = {"tensor", "row", "1x128", "none"},
    .element = ElementType::kE5M2,
    .scale_rule = ScaleRule::kDivided,
    .stochastic_rounding = true,
    .max_value = 57344.0f,
    .reference = "OCP 8-bit floating point v1.0",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
