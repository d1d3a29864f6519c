#include "worker/mailbox.h"

#include <chrono>
#include <utility>

namespace fp4::worker {

void Mailbox::Post(Task task) {
  {
    MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  arrived_.NotifyOne();
}

bool Mailbox::RunAll(absl::Duration timeout) {
  std::deque<Task> tasks;
  {
    MutexLock lock(mutex_);
    const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout);
    while (tasks_.empty()) {
      absl::Duration left = absl::FromChrono(end - std::chrono::steady_clock::now());
      if (left <= absl::ZeroDuration() || !arrived_.WaitFor(lock, left)) break;
    }
    tasks.swap(tasks_);
  }
  for (Task& task : tasks) task();
  return !tasks.empty();
}

}  // namespace fp4::worker
