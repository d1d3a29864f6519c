#include "server/rpc/commit_signal.h"

namespace fp4::rpc {

CommitSignal::CommitSignal(store::Store& store)
    : subscription_(store.Subscribe([this](int64_t) { Announce(); })) {}

uint64_t CommitSignal::count() const {
  MutexLock lock(mutex_);
  return count_;
}

uint64_t CommitSignal::WhenAbove(uint64_t seen, std::function<void()> wake) {
  {
    MutexLock lock(mutex_);
    if (count_ <= seen) {
      waits_[next_wait_] = std::move(wake);
      return next_wait_++;
    }
  }
  wake();
  return 0;
}

void CommitSignal::Cancel(uint64_t wait) {
  MutexLock lock(mutex_);
  waits_.erase(wait);
}

void CommitSignal::Announce() {
  std::map<uint64_t, std::function<void()>> waits;
  {
    MutexLock lock(mutex_);
    ++count_;
    waits.swap(waits_);
  }
  for (const auto& [wait, wake] : waits) wake();
}

}  // namespace fp4::rpc
