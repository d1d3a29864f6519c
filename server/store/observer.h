// How the store tells what it does to whoever counts. Called on the writer's thread: must be cheap.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/time/time.h"
#include "server/core/run_state.h"

namespace fp4::store {

class StoreObserver {
 public:
  virtual ~StoreObserver() = default;

  // A transaction with `num_requests` requests took `duration` from BEGIN until it was durable.
  virtual void OnCommit(size_t num_requests, absl::Duration duration) {
    (void)num_requests, (void)duration;
  }
  virtual void OnCommitFailed() {}
  // After a commit: metric points and events (of all kinds) that it stored.
  virtual void OnStored(size_t num_points, size_t num_events) {
    (void)num_points, (void)num_events;
  }
  virtual void OnDecide(absl::Duration duration) { (void)duration; }
  // A run was assigned after it had been queued for this long.
  virtual void OnAssigned(absl::Duration queue_wait) { (void)queue_wait; }
  virtual void OnLeaseExpired() {}
  // After a commit: a health event with this code, of a trainer that may be newer than this
  // program.
  virtual void OnFinding(std::string_view code) { (void)code; }
  // Attempts that began at step 0 although steps had been made, and attempts that did not use the
  // newest stored checkpoint.
  virtual void OnResumptions(size_t num_from_zero, size_t num_passed_over) {
    (void)num_from_zero, (void)num_passed_over;
  }
  // After a commit.
  virtual void OnTransition(core::RunState from, core::RunState to) { (void)from, (void)to; }
};

}  // namespace fp4::store
