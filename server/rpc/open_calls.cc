#include "server/rpc/open_calls.h"

namespace fp4::rpc {

bool OpenCalls::Add(const std::shared_ptr<OpenCall>& call) {
  MutexLock lock(mutex_);
  if (stopped_) return false;
  calls_.insert(call);
  return true;
}

void OpenCalls::Remove(const std::shared_ptr<OpenCall>& call) {
  MutexLock lock(mutex_);
  calls_.erase(call);
}

void OpenCalls::EndAll() {
  std::set<std::shared_ptr<OpenCall>> calls;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    calls.swap(calls_);
  }
  for (const auto& call : calls) call->EndForShutdown();
}

}  // namespace fp4::rpc
