#pragma once

#include <functional>

#include "trainer/backend/backend.h"

namespace fp4::trainer {

// What bounds a product on this machine, with as many threads as LibTorch is set to.
struct MachineLimits {
  double flops = 0;      // a second, of a large GEMM in the compute type
  double bandwidth = 0;  // bytes a second, read and written, of a copy that no cache holds

  // FLOP for each byte from which on arithmetic is the bound.
  double ridge() const { return flops / bandwidth; }
};

// Seconds of the fastest of some calls of `work`, the device's work included: a busy neighbour
// shall not decide.
double FastestSeconds(Backend& backend, const std::function<void()>& work);

// Takes some seconds.
MachineLimits MeasureMachine(Backend& backend, at::ScalarType compute_type);

}  // namespace fp4::trainer
