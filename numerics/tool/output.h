// What fp4-quantize prints.
#pragma once

#include <ostream>
#include <span>
#include <string>

#include "numerics/error_stats.h"
#include "numerics/format.h"

namespace fp4::numerics::tool {

// What is said about one tensor. All counts are of elements.
struct Result {
  std::string name;  // of the tensor; empty: raw input
  std::string_view format;
  MatrixShape shape;
  ErrorStats stats;
  int64_t clipped = 0;
  double bits_per_value = 0;  // as stored, scales and padding included
  int64_t bytes = 0;          // the same for the whole tensor
  bool has_tensor_scale = false;
  float tensor_scale = 0;
};

// One result is printed as an object, several as an array. What is not finite, or was measured over
// no element at all, is null.
void PrintResults(std::span<const Result> results, bool json, std::ostream& out);

// The list of --list: what each format is, the blocks and the options that it takes.
void PrintFormats(std::span<const Format* const> formats, bool json, std::ostream& out);

}  // namespace fp4::numerics::tool
