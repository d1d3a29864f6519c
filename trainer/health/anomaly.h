// Steps whose loss or gradient norm leave the usual, and what becomes of them
// (training.on_anomaly). Pure: numbers in, a verdict out.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "spec/run_spec.h"

namespace fp4::trainer {

// The last values of one number, of the steps whose update was applied.
class UsualValues {
 public:
  struct Spread {
    double mean = 0;
    // The square root of the unbiased variance, and at least 1e-6 of the mean's magnitude: less
    // than that is rounding.
    double deviation = 0;
    int64_t count = 0;  // values that these two are of
  };

  // Keeps `window` values, at least 2.
  explicit UsualValues(int64_t window) : window_(window) {}

  // `value` is finite.
  void Accept(double value);
  // Nothing before half of the window is full, and never of fewer than two values.
  std::optional<Spread> spread() const;

  const std::deque<double>& values() const { return values_; }  // oldest first

 private:
  int64_t window_;
  std::deque<double> values_;
};

// What is unusual about a step.
struct Anomaly {
  std::string_view what;  // "the loss", "the gradient norm"
  double value = 0;
  UsualValues::Spread usual;  // of a finite value

  bool finite() const;
  // "the loss is 9.25, 11.3 standard deviations above the mean 2.5 of 128 steps"; "the loss is
  // nan".
  std::string Describe() const;
};

enum class AnomalyVerdict : uint8_t {
  kApply,     // the update is applied
  kLeaveOut,  // it is not: weights, moments and all else that an update changes stay
  kGoBack,    // to the last checkpoint
  kEnd,       // the run cannot go on
};

struct AnomalyJudgement {
  AnomalyVerdict verdict = AnomalyVerdict::kApply;
  std::optional<Anomaly> anomaly = {};
  // Whether a finding is to be told. The first kToldOneByOne anomalies of a run are, and then those
  // whose number is a power of two; what ends a run or goes back always is.
  bool tell = false;
};

// Judges each step by its loss and its gradient norm, before clipping. A value is unusual when it
// is not finite, or, unless the action is `stop`, more than sigma deviations above the mean of the
// last `window` steps whose update was applied; values that are not finite never count among those.
//   stop      a value that is not finite ends the run
//   log       unusual steps are told and applied; those that are not finite are left out
//   skip      unusual steps are left out
//   rollback  the run goes back to a checkpoint, with other batches
// kMostInARow steps in a row may be left out, and so often may the run go back to one checkpoint;
// after that the run ends. Not thread-safe.
class AnomalyPolicy {
 public:
  static constexpr int64_t kMostInARow = 3;
  static constexpr int64_t kToldOneByOne = 10;

  explicit AnomalyPolicy(const spec::AnomalySpec& spec);

  // Of the next step; what is judged to be applied enters the window. `checkpoint`: the updates of
  // the checkpoint that the run would go back to.
  AnomalyJudgement Judge(double loss, double gradient_norm, int64_t checkpoint);

  // How many steps of the data have been passed over by going back: step s takes the batches of
  // step s + data_offset().
  int64_t data_offset() const { return history_.data_offset; }
  int64_t left_out_in_a_row() const { return left_out_in_a_row_; }
  // How often the run has gone back to the checkpoint of so many updates, or to a later one.
  int64_t TimesGoneBackSince(int64_t checkpoint) const;

  // All that the policy remembers from one step to the next.
  struct History {
    int64_t num_anomalies = 0;
    int64_t data_offset = 0;
    int64_t went_back_to = -1;  // the step of that checkpoint; -1: never
    int64_t times_gone_back = 0;
  };
  struct State {
    UsualValues loss, gradient_norm;
    int64_t left_out_in_a_row = 0;
    History history = {};
  };
  State state() const { return {loss_, gradient_norm_, left_out_in_a_row_, history_}; }
  void set_state(State state);

  // The run has gone back from `update`, which was not applied, to a checkpoint of `step` updates,
  // whose state has been restored. `before`: as it was until then. The batches of the updates after
  // `step` up to `update` are passed over.
  void WentBack(const History& before, int64_t update, int64_t step);

 private:
  std::optional<Anomaly> Find(double loss, double gradient_norm) const;
  AnomalyVerdict VerdictOn(const Anomaly& anomaly, int64_t checkpoint) const;

  spec::AnomalySpec spec_;
  UsualValues loss_, gradient_norm_;
  int64_t left_out_in_a_row_ = 0;
  History history_;
};

}  // namespace fp4::trainer
