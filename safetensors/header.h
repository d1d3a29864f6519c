// The header of a safetensors file: the JSON text that says where each tensor's bytes lie.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "safetensors/tensor.h"

namespace fp4::safetensors {

// No header is longer; the format's own limit.
inline constexpr uint64_t kMaxHeaderBytes = 100'000'000;

// Reads a header against `data`, the bytes that follow it. `tensors` are views into `data`, sorted
// by name. INVALID_ARGUMENT: what is wrong, and of which tensor. Takes any bytes without harm, in a
// time that grows with their number and not with its square.
absl::Status ParseHeader(std::string_view header, std::span<const std::byte> data,
                         std::vector<TensorView>& tensors,
                         std::map<std::string, std::string>& metadata);

// The header of these tensors, stored one behind the other in this order; padded with spaces to a
// multiple of 8 bytes.
std::string MakeHeader(const std::vector<TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata);

// The error of everything that is not a safetensors file.
absl::Status NotSafetensors(std::string_view why);

}  // namespace fp4::safetensors
