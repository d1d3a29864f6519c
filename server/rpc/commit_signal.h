// Wakes those who wait for something new to be stored.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/mutex.h"
#include "server/store/store.h"

namespace fp4::rpc {

// Thread-safe. One subscription to the store for any number of waiters.
class CommitSignal {
 public:
  explicit CommitSignal(store::Store& store);

  // How many commits have been announced. Take it before a read: what that read missed is announced
  // under a higher one.
  uint64_t count() const;

  // Calls `wake` once, as soon as count() is above `seen`: at once on this thread, or later on the
  // store's writer, which it must not block. The answer names the wait for Cancel; 0: `wake` has
  // been called.
  uint64_t WhenAbove(uint64_t seen, std::function<void()> wake);

  // `wake` will not be called any more, unless a call of it has begun.
  void Cancel(uint64_t wait);

 private:
  void Announce();

  mutable Mutex mutex_;
  uint64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_wait_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<uint64_t, std::function<void()>> waits_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<store::Store::Subscription> subscription_;  // last: ends before the rest
};

}  // namespace fp4::rpc
