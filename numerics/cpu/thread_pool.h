// A fixed set of threads for those who have no pool of their own: the tool, tests and benchmarks.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "numerics/parallel.h"

namespace fp4::numerics::cpu {

// Run may be called from one thread at a time; that thread works too, so one thread means none is
// started.
class ThreadPool {
 public:
  // num_threads > 0, the caller's thread counted.
  explicit ThreadPool(int num_threads);
  // Joins the threads. No Run is in progress then.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // A ParallelFor: each thread gets one contiguous range, the same one for the same size.
  void Run(int64_t size, int64_t grain, const std::function<void(int64_t, int64_t)>& work);
  // Run as a function object. It refers to this pool, which must outlive it.
  ParallelFor parallel_for();

 private:
  void Loop(int thread);
  void RunShare(int thread);

  std::mutex mutex_;
  std::condition_variable started_, finished_;
  uint64_t round_ = 0;  // counts the calls of Run; a new number wakes the threads
  int running_ = 0;
  bool stopping_ = false;
  int64_t size_ = 0, share_ = 0;
  const std::function<void(int64_t, int64_t)>* work_ = nullptr;
  std::vector<std::thread> threads_;
};

}  // namespace fp4::numerics::cpu
