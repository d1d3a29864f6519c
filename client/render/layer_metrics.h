#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/layout.h"
#include "fp4/v1/types.pb.h"

namespace fp4::client {

// Whether a metric is one of a single layer: "quant/blocks.0.mlp.up/weight_error".
bool IsOfLayer(std::string_view metric);

// "blocks.0.mlp.up" of such a metric; empty for another one.
std::string LayerOfMetric(std::string_view metric);

// A list of metrics with one line for all layers of a kind, and one that says which layers these
// are: "quant/<layer>/weight_error", "<layer> is one of blocks.{0..3}.mlp.up".
std::string RenderMetricNames(const std::vector<std::string>& names, const Layout& layout);

// Those of `run`'s latest values that are of single layers, one line for each kind over all layers:
// how many, the mean, and the worst with its layer. Empty when there are none.
std::string RenderLayerMetrics(const v1::Run& run, const Layout& layout);

}  // namespace fp4::client
