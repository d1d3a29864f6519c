// The decisions of asha in the form that stops trials (Li et al., arXiv 1810.05934; the stopping
// form is that of Determined's asha_stopping.go). A trial that reports at a rung goes on when it is
// among the best of those that have reported there; a newcomer is judged at once, and nobody is
// judged again. Pure: the same reports in the same order give the same decisions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "spec/search_spec.h"

namespace fp4::core {

// The steps of the rungs, ascending: the largest M with min_steps * factor^(M - 1) <= num_steps of
// them, the last at num_steps, each before it a `factor`-th of the next (rounded down, at least 1).
// Steps that come out equal are one rung. None of fewer than min_steps.
std::vector<int64_t> RungSteps(int64_t num_steps, int64_t min_steps, int64_t factor);

// What a trial is judged by: for each metric a number that is better when smaller; infinite where
// the value is not finite, and all of them where the trial failed or breaks a constraint.
struct RungEntry {
  int64_t trial = 0;
  std::vector<double> losses;
};

struct RungDecision {
  bool kept = true;
  int64_t place = 0;      // among those that have reported, from 1
  int64_t of = 0;         // that many, itself included
  int64_t go_on = 0;      // of those the best so many go on
  bool on_front = false;  // of several metrics: no other one is better in all
};

// Whether `a` is at least as good in everything and better in something.
bool Dominates(std::span<const double> a, std::span<const double> b);

// One rung of one variant and seed.
class Rung {
 public:
  // The entry takes its place by its first loss, or, of several metrics, by how many others
  // dominate it and then by the first loss; of equals the trial with the smaller number comes
  // first. It is kept when its place is at most max(1, n / factor), or when nobody dominates it.
  RungDecision Report(RungEntry entry, int64_t factor);

 private:
  std::vector<RungEntry> entries_;
};

// The values of a trial as RungEntry::losses; `broken`: it counts as worst.
std::vector<double> Losses(const spec::SearchSpec& search, std::span<const double> values,
                           bool broken);

// "weight_bytes is 2e+06, above the max of 1e+06": which constraints the values break, in the order
// of search.constraints; NaN is not known, and breaks none. Empty: none.
std::string BrokenConstraints(const spec::SearchSpec& search, std::span<const double> values);

// For people: "val/loss 2.5 at step 25 is place 3 of 8; the best 2 go on".
std::string DescribeDecision(const spec::SearchSpec& search, const RungDecision& decision,
                             double metric, int64_t step, const std::string& broken);

// Which of the trials are best: those that nobody dominates; with one metric all that share the
// smallest loss. Those with an infinite first loss never are.
std::vector<bool> BestOf(std::span<const std::vector<double>> losses);

}  // namespace fp4::core
