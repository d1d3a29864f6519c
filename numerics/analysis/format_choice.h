// A format as somebody wants it looked at.
#pragma once

#include <string>

#include "numerics/format.h"

namespace fp4::numerics::analysis {

// A format with its options, as somebody wants it compared with others.
struct FormatChoice {
  std::string label;               // short; what tells it apart: "nvfp4", "nvfp4:block=16x16"
  const Format* format = nullptr;  // never null where a choice is taken
  QuantizeOptions options;         // of that format; they have passed its Check where they are used
};

}  // namespace fp4::numerics::analysis
