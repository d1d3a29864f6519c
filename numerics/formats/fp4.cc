// bitsandbytes FP4: eight magnitudes spaced like no IEEE format (it is not E2M1), under the absmax
// of flat blocks.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "fp4",
    .summary = "bitsandbytes FP4: sign and eight uneven magnitudes, fp32 absmax per flat block",
    .bits_per_element = 4,
    .scale_type = ScaleType::kFp32,
    .default_block = "64",
    .blocks = {"32", "64", "128", "256", "512", "1024", "2048", "4096"},
    .element = ElementType::kFp4,
    .scale_rule = ScaleRule::kReciprocal,
    .stochastic_rounding = true,
    .double_quantization = true,
    .max_value = 1.0f,
    .reference = "bitsandbytes, CUDA semantics",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
