// Means, deviations and confidence intervals of a few numbers.
#pragma once

#include <span>

namespace fp4 {

double Mean(std::span<const double> values);  // NaN when there are none
double Median(std::span<const double>
                  values);  // of an even number the mean of the middle two; NaN when there are none

// Sample standard deviation (n - 1); NaN for fewer than two values.
double SampleStd(std::span<const double> values);

struct ConfidenceInterval {
  double low = 0, high = 0;
};

// Of the mean, 95 %, Student's t (student_t.h); at least two values.
ConfidenceInterval MeanInterval95(std::span<const double> values);

}  // namespace fp4
