#include "numerics/cpu/thread_pool.h"

#include <algorithm>

namespace fp4::numerics::cpu {

ThreadPool::ThreadPool(int num_threads) {
  for (int thread = 1; thread < num_threads; ++thread) {
    threads_.emplace_back([this, thread] { Loop(thread); });
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  started_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::Run(int64_t size, int64_t grain,
                     const std::function<void(int64_t, int64_t)>& work) {
  if (size <= 0) return;
  auto num_threads = static_cast<int64_t>(threads_.size()) + 1;
  grain = std::max<int64_t>(1, grain);
  int64_t grains = (size + grain - 1) / grain;
  {
    std::lock_guard lock(mutex_);
    size_ = size;
    share_ = (grains + num_threads - 1) / num_threads * grain;
    work_ = &work;
    running_ = static_cast<int>(threads_.size());
    ++round_;
  }
  started_.notify_all();
  RunShare(0);
  std::unique_lock lock(mutex_);
  finished_.wait(lock, [this] { return running_ == 0; });
}

ParallelFor ThreadPool::parallel_for() {
  return [this](int64_t size, int64_t grain, const std::function<void(int64_t, int64_t)>& work) {
    Run(size, grain, work);
  };
}

void ThreadPool::RunShare(int thread) {
  int64_t begin = share_ * thread;
  if (begin < size_) (*work_)(begin, std::min(size_, begin + share_));
}

void ThreadPool::Loop(int thread) {
  uint64_t seen = 0;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      started_.wait(lock, [&] { return stopping_ || round_ != seen; });
      if (stopping_) return;
      seen = round_;
    }
    RunShare(thread);
    std::lock_guard lock(mutex_);
    if (--running_ == 0) finished_.notify_one();
  }
}

}  // namespace fp4::numerics::cpu
