// Series and runs for tests of exports.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/export/record.h"

namespace fp4::client {

inline v1::Series MakeSeries(const std::string& name,
                             const std::vector<std::pair<int64_t, double>>& points) {
  v1::Series series;
  series.set_name(name);
  for (const auto& [step, value] : points) {
    v1::Point& point = *series.add_points();
    point.set_step(step);
    point.set_value(value);
    point.set_attempt(1);
  }
  return series;
}

// Run "b2c3d4e5" of "fp4", seed 2, of experiment "k7x2m9qd", started at second 1000.
inline RunRecord MakeRecord(const std::vector<v1::Series>& series) {
  RunRecord record;
  record.run.set_id("b2c3d4e5");
  record.run.set_experiment_id("k7x2m9qd");
  record.run.set_experiment_name("demo");
  record.run.set_variant("fp4");
  record.run.set_seed(2);
  record.run.set_state(v1::RUN_STATE_COMPLETED);
  record.run.mutable_start_time()->set_seconds(1000);
  record.run.mutable_finish_time()->set_seconds(1060);
  record.run.set_resolved_document(
      R"({"name": "demo", "model": {"d_model": 64, "channels": [1, 2]}, "description": ""})");
  record.run.set_started_json(R"({"git_revision": "abc123"})");
  record.series = series;
  return record;
}

}  // namespace fp4::client
