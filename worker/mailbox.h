#pragma once

#include <deque>
#include <functional>

#include "absl/time/time.h"
#include "base/mutex.h"

namespace fp4::worker {

// What other threads want done on the worker's own one. Thread-safe.
class Mailbox {
 public:
  using Task = std::function<void()>;

  void Post(Task task);

  // Runs what has come; waits up to `timeout` for the first. False: nothing came.
  bool RunAll(absl::Duration timeout);

 private:
  Mutex mutex_;
  CondVar arrived_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fp4::worker
