// What a report is made of, as read from the controller.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fp4/v1/experiments.pb.h"
#include "spec/score_table.h"

namespace fp4::client::report {

// One run with its curves.
struct RunData {
  v1::Run run;                     // as GetRun gives it
  std::vector<v1::Series> curves;  // the compared metric and the training loss, thinned
};

// The statistics of single layers in one run, which stands for its variant.
struct LayerData {
  std::string variant;
  int64_t seed = 0;
  std::vector<std::string> order;  // the model's layers, the first one first
  std::vector<v1::Series> series;  // "quant/<layer>/…", thinned
};

// The scores of sensitivity of one run, which stands for its variant.
struct ScoreData {
  std::string variant;
  int64_t seed = 0;
  std::vector<spec::ScoreTable> tables;  // by ascending step, one or more
};

struct Data {
  v1::Experiment experiment;
  v1::CompareResponse comparison;
  std::vector<RunData> runs;      // in the experiment's order
  std::vector<LayerData> layers;  // in the document's order; variants without any are left out
  std::vector<ScoreData> scores;  // likewise
  absl::Time made;
};

// The curve of that name; null: none.
const v1::Series* FindCurve(const RunData& run, const std::string& name);

}  // namespace fp4::client::report
