#include "server/artifacts/task_queue.h"

#include <utility>

namespace fp4::artifacts {

TaskQueue::TaskQueue(int num_threads) {
  for (int i = 0; i < num_threads; ++i) threads_.emplace_back([this] { Serve(); });
}

TaskQueue::~TaskQueue() {
  std::deque<std::function<void()>> dropped;
  {
    MutexLock lock(mutex_);
    closing_ = true;
    dropped.swap(waiting_);
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
}

void TaskQueue::Run(std::function<void()> task) {
  MutexLock lock(mutex_);
  if (closing_) return;
  waiting_.push_back(std::move(task));
  changed_.NotifyOne();
}

void TaskQueue::Serve() {
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !closing_) changed_.Wait(lock);
      if (closing_) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
    }
    task();
  }
}

}  // namespace fp4::artifacts
