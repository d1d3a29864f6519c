// Symmetric 8-bit integers, -127 to 127, under the absmax of a row, a group of a row, or the
// tensor.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "int8",
    .summary = "symmetric 8-bit integers, fp32 scale per row, group or tensor",
    .bits_per_element = 8,
    .scale_type = ScaleType::kFp32,
    .default_block = "row",
    .blocks = {"row", "tensor", "1x32", "1x64", "1x128"},
    .element = ElementType::kInt8,
    .scale_rule = ScaleRule::kDivided,
    .stochastic_rounding = true,
    .max_value = 127.0f,
    .reference = "own definition: absmax / 127",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
