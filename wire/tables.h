// A run's metrics as the text of a file. Values are written in the shortest form that reads back
// to the same double.
#pragma once

#include <string>
#include <vector>

#include "fp4/v1/experiments.pb.h"

namespace fp4::wire {

// A field of CSV, in quotes where it needs them (RFC 4180).
std::string CsvField(const std::string& text);
// The shortest form that reads back to the same double; NaN, Infinity, -Infinity.
std::string CsvNumber(double value);

// A header "step,train/loss,…" and a line for each step at which any of the series has a point, in
// rising order; a field is empty where a series has none there. RFC 4180 with "\n" at the ends of
// lines. What is not finite is NaN, Infinity or -Infinity.
std::string MetricsCsv(const std::vector<v1::Series>& series);

// {"step": 10, "train/loss": 2.5} for each such step, one object a line; what is not finite is a
// text, as in event logs.
std::string MetricsJsonLines(const std::vector<v1::Series>& series);

}  // namespace fp4::wire
