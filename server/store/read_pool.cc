#include "server/store/read_pool.h"

#include <utility>

namespace fp4::store {

ReadPool::ReadPool(const std::filesystem::path& file, int num_threads) {
  for (int i = 0; i < num_threads; ++i) connections_.emplace_back(file, Connection::Mode::kRead);
  for (Connection& connection : connections_) {
    threads_.emplace_back([this, &connection] { Serve(connection); });
  }
}

ReadPool::~ReadPool() { Close(); }

void ReadPool::Close() {
  std::deque<std::function<void(Reader&)>> dropped;
  {
    MutexLock lock(mutex_);
    closing_ = true;
    dropped.swap(waiting_);
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void ReadPool::Run(std::function<void(Reader&)> read) {
  // Under the lock: what is read may end the caller's reason to keep the pool.
  MutexLock lock(mutex_);
  if (closing_) return;
  waiting_.push_back(std::move(read));
  changed_.NotifyOne();
}

void ReadPool::Serve(Connection& connection) {
  Reader reader(connection);
  while (true) {
    std::function<void(Reader&)> read;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !closing_) changed_.Wait(lock);
      if (closing_) return;
      read = std::move(waiting_.front());
      waiting_.pop_front();
    }
    read(reader);
  }
}

}  // namespace fp4::store
