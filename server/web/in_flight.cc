#include "server/web/in_flight.h"

namespace fp4::web {

InFlight::~InFlight() {
  MutexLock lock(state_->mutex);
  while (state_->count > 0) state_->changed.Wait(lock);
}

InFlight::Token InFlight::Enter() {
  {
    MutexLock lock(state_->mutex);
    ++state_->count;
  }
  // The token owns nothing but its end.
  return Token(static_cast<void*>(state_.get()), [state = state_](void*) {
    {
      MutexLock lock(state->mutex);
      --state->count;
    }
    state->changed.NotifyAll();
  });
}

int InFlight::count() const {
  MutexLock lock(state_->mutex);
  return state_->count;
}

}  // namespace fp4::web
