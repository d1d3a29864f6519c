// Which variants are worth their cost.
#pragma once

#include <string>
#include <vector>

#include "base/metric_names.h"

namespace fp4::core {

struct CostedVariant {
  std::string name;
  double value = 0;  // of the metric
  double cost = 0;   // better when smaller
};

struct ParetoFront {
  std::string cost;                    // what the cost is: "weight_bytes"
  std::vector<std::string> variants;   // that no other one beats: the cheapest first
  std::vector<std::string> dominated;  // the others, in the given order
};

// A variant beats another when it is as good in value and cost and better in one of them. Variants
// that are equal in both stay together. Those with a value or cost that is not finite are left out.
// `better` is not kNeither.
ParetoFront FindFront(const std::string& cost, const std::vector<CostedVariant>& variants,
                      metric::Better better);

}  // namespace fp4::core
