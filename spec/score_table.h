// What a measurement of sensitivity found, and what a budget decided, as events carry them: JSON
// that every program reads the same way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "spec/advice/offer.h"

namespace fp4::spec {

// One layer under one recipe. Losses are means over targets, in nats (of vectors: squared errors).
struct Score {
  std::string recipe = {};
  int64_t bytes = 0;       // of its weight, stored so
  double loss_change = 0;  // predicted, if only this layer changed to the recipe
  double standard_error = 0;
  double first_order = 0, second_order = 0;  // what loss_change is made of (docs/sensitivity.md)
  double gradient_divergence = 0;  // |G_f - G| / |G| of the weight's gradient, 0: as it is
  double seconds = 0;  // of its products in a step, where a budget in seconds has measured them
};

// What is left of a mean when its standard error is taken into account: m max(0, 1 - (2 e / m)^2),
// as the positive-part estimator of James and Stein. The first order of few micro-batches is mostly
// noise, and a rank by noise is worse than one without that term.
double Shrunk(double mean, double standard_error);

struct LayerScores {
  std::string layer = {};
  std::string current;  // the recipe that it has
  std::vector<Score> scores = {};
};

struct ScoreTable {
  int64_t step = 0;  // of the weights: completed updates
  int64_t micro_batches = 0, targets = 0;
  std::vector<LayerScores> layers = {};
  // What was predicted of capacity (sensitivity.advise), as SortMoves orders it.
  std::vector<PredictedMove> moves = {};
};

// One switch of a layer.
struct AssignmentChange {
  std::string layer, from, to;
};

struct Decision {
  int64_t step = 0;
  std::string how;       // "once", "hysteresis", "raise-only"
  bool changed = false;  // whether layers switch
  std::string why;
  // bytes: of the assignment that holds from now on. Of a budget in training_bytes both are of all
  // that training holds; of one in seconds bytes are those of the weights, and there is no limit.
  int64_t limit_bytes = 0, bytes = 0;
  double limit_seconds = 0, seconds = 0;  // likewise, of a budget in seconds; 0: it is none
  double predicted = 0;                   // the sum of its loss changes
  double bound = 0;  // no assignment within the limit is predicted to be better than this
  double gain = 0, standard_error = 0, needed = 0;  // of the best assignment over the current one
  std::vector<std::pair<std::string, std::string>> assignment;  // layer, recipe
  std::vector<AssignmentChange> changes;
  ScoreTable scores;  // relative to unquantized layers
};

// One JSON object each, without the step, which the event has.
std::string ToJson(const ScoreTable& table);
std::string ToJson(const Decision& decision);
std::string ToJson(const PredictedMove& predicted);

// The moves of the table alone, each with the "change" of the document that makes it, where it is
// among the offers: {"micro_batches", "targets", "moves": […]}.
std::string AdviceJson(const ScoreTable& table, const std::vector<Offer>& offers);

// INVALID_ARGUMENT: `json` is none that ToJson writes.
absl::StatusOr<ScoreTable> ParseScoreTable(int64_t step, std::string_view json);
absl::StatusOr<Decision> ParseDecision(int64_t step, std::string_view json);

// The table for people: a row for each layer, a column of predicted changes for each recipe.
std::string FormatScoreTable(const ScoreTable& table);

// A sentence without a full stop.
std::string Describe(const ScoreTable& table);
std::string Describe(const Decision& decision);

}  // namespace fp4::spec
