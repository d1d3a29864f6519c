// The page of --report: what quantization did to each tensor of a file.
#pragma once

#include <span>
#include <string>

#include "numerics/analysis/tensor_panels.h"
#include "numerics/tool/options.h"
#include "numerics/tool/output.h"

namespace fp4::numerics::tool {

struct TensorReport {
  Result result;
  analysis::TensorPanels panels;
};

// How much of each of `num_tensors` is drawn, so that the file stays a few MB.
analysis::PanelLimits LimitsFor(size_t num_tensors);

// A complete HTML file; equal arguments give equal bytes. `reports` is not empty; `skipped` says
// which tensors of the input are left out, and why.
std::string RenderReport(const Options& options, std::span<const TensorReport> reports,
                         std::span<const std::string> skipped);

}  // namespace fp4::numerics::tool
