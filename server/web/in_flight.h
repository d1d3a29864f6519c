// What is still at work when the one who started it wants to end.
#pragma once

#include <memory>

#include "base/mutex.h"

namespace fp4::web {

// Gives tokens and, at its end, waits until all of them have been let go. Thread-safe.
class InFlight {
 public:
  using Token = std::shared_ptr<void>;

  InFlight() : state_(std::make_shared<State>()) {}
  ~InFlight();
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

  Token Enter();
  int count() const;

 private:
  struct State {
    mutable Mutex mutex;
    CondVar changed;
    int count ABSL_GUARDED_BY(mutex) = 0;
  };
  const std::shared_ptr<State> state_;
};

}  // namespace fp4::web
