// The command line of fp4-quantize.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "numerics/analysis/format_choice.h"
#include "numerics/format.h"

namespace fp4::numerics::tool {

// Of the process.
inline constexpr int kExitDone = 0, kExitFailure = 1, kExitUsage = 2;

using analysis::FormatChoice;

// The command line, checked against itself but not against the input.
struct Options {
  std::filesystem::path input;
  std::optional<MatrixShape> raw_shape;  // set: the input is raw fp32
  std::string tensor;                    // empty: all of the file
  const Format* format = nullptr;
  QuantizeOptions quantize;
  std::filesystem::path codes, scales, decoded, report;  // where to write; empty: nowhere
  std::filesystem::path charts;       // set: no input, and `choices` instead of `format`
  std::vector<FormatChoice> choices;  // as named, each with its options; not empty
  bool json = false;
  bool list = false;  // nothing else is set but `json`

  // Whether a file of one tensor is asked for.
  bool writes() const { return !codes.empty() || !scales.empty() || !decoded.empty(); }
};

// Null with the exit code when there is nothing to do: --help and --version (printed to `out`), or
// a mistake (reported to `err`).
std::optional<Options> ParseCommandLine(int argc, const char* const* argv, std::ostream& out,
                                        std::ostream& err, int& exit_code);

}  // namespace fp4::numerics::tool
