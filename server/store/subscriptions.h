// Who wants to know of new events.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/mutex.h"
#include "server/store/store.h"

namespace fp4::store {

// Thread-safe.
class Subscriptions : public std::enable_shared_from_this<Subscriptions> {
 public:
  std::shared_ptr<Store::Subscription> Add(std::function<void(int64_t)> listener);
  void Notify(int64_t newest_cursor);

 private:
  friend class Store::Subscription;
  void Remove(int64_t key);

  Mutex mutex_;  // held during the calls, so that Remove waits for them
  int64_t next_key_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, std::function<void(int64_t)>> listeners_ ABSL_GUARDED_BY(mutex_);
};

// Ends with its last copy.
class Store::Subscription {
 public:
  Subscription(std::shared_ptr<Subscriptions> owner, int64_t key)
      : owner_(std::move(owner)), key_(key) {}
  ~Subscription() { owner_->Remove(key_); }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

 private:
  const std::shared_ptr<Subscriptions> owner_;
  const int64_t key_;
};

}  // namespace fp4::store
