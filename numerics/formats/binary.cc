// XNOR-Net (arXiv 1603.05279): the sign times the mean magnitude of the row, a row being an output
// channel.
#include "numerics/block_format.h"

namespace fp4::numerics {
namespace {

const BlockFormat kFormat({
    .name = "binary",
    .summary = "the sign times the mean magnitude of the row",
    .bits_per_element = 1,
    .scale_type = ScaleType::kFp32,
    .default_block = "row",
    .blocks = {"row"},
    .element = ElementType::kBinary,
    .scale_rule = ScaleRule::kMean,
    .max_value = 1.0f,
    .reference = "XNOR-Net, arXiv 1603.05279",
});
const FormatRegistration kRegistration(kFormat);

}  // namespace
}  // namespace fp4::numerics
