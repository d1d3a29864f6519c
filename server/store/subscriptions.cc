#include "server/store/subscriptions.h"

#include <utility>

namespace fp4::store {

std::shared_ptr<Store::Subscription> Subscriptions::Add(std::function<void(int64_t)> listener) {
  MutexLock lock(mutex_);
  const int64_t key = next_key_++;
  listeners_.emplace(key, std::move(listener));
  return std::make_shared<Store::Subscription>(shared_from_this(), key);
}

void Subscriptions::Notify(int64_t newest_cursor) {
  MutexLock lock(mutex_);
  for (const auto& [key, listener] : listeners_) listener(newest_cursor);
}

void Subscriptions::Remove(int64_t key) {
  MutexLock lock(mutex_);
  listeners_.erase(key);
}

}  // namespace fp4::store
