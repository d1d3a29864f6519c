// Symmetric 4-bit integers, -7 to 7, under the absmax of a group of a row.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "int4",
    .summary = "symmetric 4-bit integers, fp32 scale per group of a row",
    .bits_per_element = 4,
    .scale_type = ScaleType::kFp32,
    .default_block = "1x64",
    .blocks = {"1x16", "1x32", "1x64", "1x128", "row"},
    .element = ElementType::kInt4,
    .scale_rule = ScaleRule::kDivided,
    .stochastic_rounding = true,
    .max_value = 7.0f,
    .reference = "own definition: absmax / 7",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
