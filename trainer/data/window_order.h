// In which order a run sees its training windows.
#pragma once

#include <cstdint>

namespace fp4::trainer {

// An endless sequence of window indices: epoch after epoch of all `num_windows`, each in an order
// of its own, a pseudo-random permutation fixed by (seed, epoch); without shuffle each epoch is 0,
// 1, 2, … Row b of micro-batch m (of A) of step s (from 1) is At(((s - 1) * A + m) * B + b), B rows
// a micro-batch; a batch may take its last rows from the next epoch. Stateless, so a resumed run
// needs only its step.
class WindowOrder {
 public:
  // `num_windows` >= 1; `seed` is the run's.
  WindowOrder(int64_t num_windows, bool shuffle, uint64_t seed);

  // The window at `position` >= 0.
  int64_t At(int64_t position) const;

 private:
  uint64_t Permute(uint64_t value, uint64_t epoch) const;

  const uint64_t num_windows_;
  const bool shuffle_;
  const uint64_t seed_;
  int half_bits_;
};

}  // namespace fp4::trainer
