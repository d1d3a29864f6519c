#pragma once

#include <string>
#include <utility>
#include <vector>

namespace fp4::trainer {

// Numbers that are reported together, by the names of base/metric_names.h.
using MetricValues = std::vector<std::pair<std::string, double>>;

}  // namespace fp4::trainer
