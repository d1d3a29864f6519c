// Advice beside what its moves turned out to gain.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/render/table.h"
#include "fp4/v1/experiments.pb.h"
#include "spec/score_table.h"

namespace fp4::client {

// Whether a run of this resolved document predicts what moves would gain.
bool AsksForAdvice(std::string_view run_document);

// The newest table with moves, or that of `step` where it is not negative; null: there is none.
const spec::ScoreTable* FindAdvice(const std::vector<spec::ScoreTable>& tables, int64_t step);

struct MeasuredMove {
  spec::PredictedMove predicted;    // mean over the seeds of the advised variant
  int64_t seeds = 0;                // whose difference is paired; 0: not trained yet
  double gain = 0;                  // fall of the metric against the advised variant
  std::optional<double> low, high;  // 95 % interval
  double gain_per_byte() const;
};

// The moves of one variant's runs: of those that all of them have, the mean over the runs, in the
// order of SortMoves.
std::vector<spec::PredictedMove> MeanOver(const std::vector<const spec::ScoreTable*>& runs);

// The moves that the experiment has trained as variants of their names, in the order given.
// `comparison` is to the advised variant.
std::vector<MeasuredMove> Measured(const std::vector<spec::PredictedMove>& predicted,
                                   const v1::CompareResponse& comparison);

// The place from 1 of a move by what was measured; 0: it was not.
struct MeasuredRank {
  int by_gain = 0, per_byte = 0;
};
std::vector<MeasuredRank> MeasuredRanks(const std::vector<MeasuredMove>& moves);

// For people; a row for each move.
std::string RenderMeasured(const std::vector<MeasuredMove>& moves, const Layout& layout);

}  // namespace fp4::client
