// Experiments as a report reads them, for tests.
#pragma once

#include <string>
#include <vector>

#include "client/report/data.h"

namespace fp4::client::report {

inline v1::Series MakeCurve(const std::string& name, const std::vector<double>& values) {
  v1::Series series;
  series.set_name(name);
  for (size_t i = 0; i < values.size(); ++i) {
    v1::Point& point = *series.add_points();
    point.set_step(static_cast<int64_t>(i) * 10);
    point.set_value(values[i]);
  }
  series.set_num_points(series.points_size());
  return series;
}

inline RunData MakeRun(const std::string& variant, int64_t seed, const std::vector<double>& loss) {
  RunData data;
  data.run.set_id("run-" + variant + std::to_string(seed));
  data.run.set_variant(variant);
  data.run.set_seed(seed);
  data.run.set_state(v1::RUN_STATE_COMPLETED);
  data.run.set_resolved_document(R"({"name": "demo"})");
  data.run.set_started_json(R"({"threads": 2, "git_revision": "abc123"})");
  if (!loss.empty()) data.curves = {MakeCurve("val/loss", loss)};
  return data;
}

// Variants without a number yet, "baseline" the reference.
inline Data MakeData(const std::vector<std::string>& variants) {
  Data data;
  data.experiment.set_id("k7x2m9qd");
  data.experiment.set_name("demo");
  data.experiment.set_document("{}");
  data.comparison.set_metric("val/loss");
  data.comparison.set_reference("baseline");
  for (const std::string& variant : variants) {
    v1::VariantComparison& one = *data.comparison.add_variants();
    one.set_name(variant);
    one.mutable_verdict()->set_kind(variant == "baseline" ? v1::Verdict::REFERENCE
                                                          : v1::Verdict::UNDECIDED);
    one.mutable_verdict()->set_text("nothing can be said yet");
  }
  return data;
}

// Three seeds each of "baseline" and "fp4", all completed.
inline Data MakeFinishedData() {
  Data data = MakeData({"baseline", "fp4"});
  for (v1::VariantComparison& variant : *data.comparison.mutable_variants()) {
    const bool base = variant.name() == "baseline";
    variant.set_n(3);
    variant.set_num_runs(3);
    variant.set_mean(base ? 2.5 : 2.75);
    variant.set_tokens_per_second(1000);
    for (int64_t seed = 1; seed <= 3; ++seed) {
      const auto shift = static_cast<double>(seed) * 0.01;
      data.runs.push_back(
          MakeRun(variant.name(), seed, {4 + shift, 3 + shift, variant.mean() + shift}));
    }
    if (base) continue;
    variant.mutable_difference()->set_n(3);
    variant.mutable_difference()->set_mean(0.25);
    variant.mutable_difference()->mutable_ci95()->set_low(0.125);
    variant.mutable_difference()->mutable_ci95()->set_high(0.375);
    variant.mutable_verdict()->set_kind(v1::Verdict::WORSE);
    variant.mutable_verdict()->set_text("worse than baseline: val/loss higher by 0.25");
  }
  for (const RunData& run : data.runs) *data.experiment.add_runs() = run.run;
  return data;
}

}  // namespace fp4::client::report
