// Advice as the runs of the controller have told it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/advice/measured.h"
#include "client/connection.h"

namespace fp4::client {

// The advice of a run at `step`, negative: the newest. NOT_FOUND says how a run comes to have any.
absl::StatusOr<spec::ScoreTable> ReadAdvice(const std::string& run_id, int64_t step,
                                            Connection& connection);

// An experiment whose variants are moves that another of its variants was advised.
struct ExperimentAdvice {
  std::string variant;  // that was advised, and is compared with
  int64_t step = 0;     // of the advice
  int64_t runs = 0;     // of that variant that have told any
  std::vector<MeasuredMove> moves;
  v1::CompareResponse comparison;  // to that variant
};

// The first variant that asks for advice is the advised one. NOT_FOUND: none does, or none of its
// runs has told any yet.
absl::StatusOr<ExperimentAdvice> ReadExperimentAdvice(const v1::Experiment& experiment,
                                                      int64_t step, Connection& connection);

// {"experiment", "variant", "metric", "step", "runs", "moves": [{"move", …, "measured": {"gain",
// "low", "high", "seeds", "gain_per_byte", "rank", "rank_per_byte"} or null}]}
std::string MeasuredJson(const std::string& experiment_id, const ExperimentAdvice& advice);

}  // namespace fp4::client
