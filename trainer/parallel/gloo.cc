// LibTorch's library has Gloo, its wheel not Gloo's headers: see gloo_declarations/gloo/context.h.
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "trainer/parallel/connect.h"

namespace fp4::trainer {
namespace {

// Until all are connected; they have said before that they are ready.
constexpr auto kConnecting = std::chrono::minutes(1);
// One that has ended breaks the connection at once; one that only takes long, as the first does
// while it evaluates, is waited for.
constexpr auto kWorking = std::chrono::hours(24 * 7);

}  // namespace

c10::intrusive_ptr<c10d::Backend> ConnectGloo(const ProcessGroup::Place& place) {
  const auto size = static_cast<int>(place.size);
  auto store = c10::make_intrusive<c10d::FileStore>(place.store.string(), size);
  auto options = c10d::ProcessGroupGloo::Options::create(kConnecting);
  options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1"));
  c10::intrusive_ptr<c10d::Backend> backend = c10::make_intrusive<c10d::ProcessGroupGloo>(
      store, static_cast<int>(place.rank), size, options);
  backend->setTimeout(kWorking);
  return backend;
}

}  // namespace fp4::trainer
