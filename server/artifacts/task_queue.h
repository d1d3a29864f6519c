#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace fp4::artifacts {

// Threads that may wait for the disk. Thread-safe.
class TaskQueue {
 public:
  explicit TaskQueue(int num_threads);
  // Finishes what runs; what waits is dropped.
  ~TaskQueue();

  void Run(std::function<void()> task);

 private:
  void Serve();

  Mutex mutex_;
  CondVar changed_;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace fp4::artifacts
