// A search over values of a document's fields. Plain data; spec/fields_search.cc says what each
// field means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fp4::spec {

enum class SearchMethod : uint8_t { kGrid, kRandom, kAsha };
enum class AxisType : uint8_t { kUniform, kLogUniform, kInt, kLogInt, kChoice };

// One of the searched fields.
struct SearchAxis {
  std::string field;  // "optimizer.learning_rate"
  AxisType type = AxisType::kUniform;
  double min = 0, max = 0;           // both included; not of kChoice
  int64_t count = 0;                 // values of a grid; of kChoice all of them
  std::vector<std::string> choices;  // of kChoice: each as JSON
};

struct SearchMetric {
  std::string name;  // a metric, or one of kSearchQuantities
  bool maximize = false;
};

// A trial that breaks one counts as worst.
struct SearchConstraint {
  std::string quantity;            // as SearchMetric::name
  std::optional<double> min, max;  // at least one; a value that is not known breaks neither
};

struct SearchSpec {
  SearchMethod method = SearchMethod::kGrid;
  std::vector<SearchMetric> metrics;  // at least one
  int64_t max_trials = 0;             // of each variant and seed; 0: the whole grid
  int64_t max_concurrent = 1;         // trials that have not ended, of all together
  int64_t reduction_factor = 4;       // of asha: one in so many goes on at a rung
  int64_t min_steps = 1;              // of asha: the lowest rung is not below
  uint64_t seed = 0;                  // of the values
  std::vector<SearchAxis> axes;       // in the document's order; at least one
  std::vector<SearchConstraint> constraints;
};

// What a trial costs, beside what it reports as a metric: bytes of the weights as stored, and
// measured seconds for each step.
inline constexpr const char* kSearchQuantities[] = {"weight_bytes", "step_seconds"};

}  // namespace fp4::spec
