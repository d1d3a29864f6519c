// Means, deviations and confidence intervals of a few numbers.
#pragma once

#include <span>

namespace fp4::core {

double Mean(std::span<const double> values);  // NaN when there are none
double Median(std::span<const double>
                  values);  // of an even number the mean of the middle two; NaN when there are none

// Sample standard deviation (n - 1); NaN for fewer than two values.
double SampleStd(std::span<const double> values);

// The t with P(|T| <= t) = `probability` for Student's distribution with `degrees` >= 1 degrees of
// freedom: for a two-sided interval of that confidence. 0 <= probability < 1. Abramowitz &
// Stegun 26.7.3 and 26.7.4 (exact finite sums for integer degrees), inverted by bisection to the
// last bits.
double StudentTwoSided(double probability, int degrees);

struct ConfidenceInterval {
  double low = 0, high = 0;
};

// Of the mean, 95 %, Student t; at least two values.
ConfidenceInterval MeanInterval95(std::span<const double> values);

}  // namespace fp4::core
