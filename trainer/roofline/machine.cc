#include "trainer/roofline/machine.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace fp4::trainer {
namespace {

constexpr int kFewestCalls = 5, kMostCalls = 50;
constexpr double kLongEnough = 0.3;  // seconds of all calls together

}  // namespace

double FastestSeconds(Backend& backend, const std::function<void()>& work) {
  work();  // memory is mapped, kernels are chosen
  backend.Synchronize();
  double fastest = std::numeric_limits<double>::infinity(), sum = 0;
  for (int call = 0; call < kFewestCalls || (call < kMostCalls && sum < kLongEnough); ++call) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    backend.Synchronize();
    const double took =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    fastest = std::min(fastest, took);
    sum += took;
  }
  return fastest;
}

MachineLimits MeasureMachine(Backend& backend, at::ScalarType compute_type) {
  at::NoGradGuard no_grad;
  const bool cpu = backend.device().is_cpu();
  const int64_t n = cpu ? 1024 : 8192;
  const at::TensorOptions options = at::TensorOptions(backend.device()).dtype(compute_type);
  const at::Tensor a = at::full({n, n}, 0.5, options), b = at::full({n, n}, 0.25, options);
  const double gemm = FastestSeconds(backend, [&] { at::mm(a, b.t()); });
  const int64_t bytes = int64_t{1} << (cpu ? 28 : 30);
  const at::Tensor from = at::zeros({bytes}, options.dtype(at::kByte));
  const at::Tensor to = at::empty_like(from);
  const double copy = FastestSeconds(backend, [&] { to.copy_(from); });
  const auto size = static_cast<double>(n);
  return {.flops = 2 * size * size * size / gemm,
          .bandwidth = 2 * static_cast<double>(bytes) / copy};
}

}  // namespace fp4::trainer
