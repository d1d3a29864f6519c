#pragma once

#include <cstdint>
#include <string>

namespace fp4::trainer {

// Where the run is: what random numbers are drawn for, and what an error message names. One object
// for the whole run; the loop moves it on.
struct StepContext {
  uint64_t seed = 0;
  int64_t step = 0;  // the update being computed, from 1; of an evaluation: the completed steps
  int64_t micro_batch = 0;  // of the run, never reset: the counter of random numbers
  bool training = false;    // false: no dropout, rounding to nearest
  // The one that computes now, or computed last; "" before the first. A copy: an error is reported
  // when the layers are gone.
  std::string layer;
};

}  // namespace fp4::trainer
