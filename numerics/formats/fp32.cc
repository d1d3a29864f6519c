// IEEE binary32: every value as it is.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "fp32",
    .summary = "IEEE binary32: the values as they are",
    .bits_per_element = 32,
    .scale_type = ScaleType::kNone,
    .default_block = "none",
    .blocks = {"none"},
    .element = ElementType::kFp32,
    .scale_rule = ScaleRule::kNone,
    .reference = "IEEE 754",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
