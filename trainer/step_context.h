#pragma once

#include <cstdint>
#include <string>

namespace fp4::trainer {

class LayerObserver;

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
  LayerObserver* observer = nullptr;  // who looks at the tensors of layers now; null: nobody
};

// Lets `observer`, if not null, look as long as it lives.
class ScopedObserver {
 public:
  ScopedObserver(StepContext& context, LayerObserver* observer) : context_(context) {
    context_.observer = observer;
  }
  ~ScopedObserver() { context_.observer = nullptr; }
  ScopedObserver(const ScopedObserver&) = delete;
  ScopedObserver& operator=(const ScopedObserver&) = delete;

 private:
  StepContext& context_;
};

}  // namespace fp4::trainer
