// What can be multiplied: shared by the reference and the packing of numerics/gemm/gemm.h.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "numerics/gemm/gemm.h"

namespace fp4::numerics {

// INVALID_ARGUMENT names `role` ("X", "W") and why this operand cannot be multiplied.
absl::StatusOr<GemmTerms> CheckGemmOperand(std::string_view role, const GemmOperand& operand);

// INVALID_ARGUMENT: why these two cannot be multiplied with each other into `y_size` elements.
absl::Status CheckGemmPair(const GemmTerms& x, const GemmTerms& w, size_t y_size);

}  // namespace fp4::numerics
