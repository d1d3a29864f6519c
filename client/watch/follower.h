#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/backoff.h"
#include "base/mutex.h"
#include "client/connection.h"

namespace fp4::client {

// Follows a watch over lost connections: when the stream breaks, it connects again, after a rising
// delay, and goes on after the last event that it has seen, so that each event is delivered once.
class Follower {
 public:
  struct Options {
    absl::Duration first_delay = absl::Milliseconds(200);
    absl::Duration longest_delay = absl::Seconds(5);
    absl::Duration patience = absl::Minutes(10);  // how long a lost controller is waited for
    // The controller has answered other calls: one that is gone before the first event is lost too.
    bool known = false;
  };
  struct Callbacks {
    // A new connection; asked again each time, because a restarted controller may have another
    // address.
    std::function<absl::StatusOr<std::unique_ptr<Connection>>()> connect;
    std::function<void(const v1::Event&)> on_event;
    // The controller is gone (the error), or back (OK). Once for each change.
    std::function<void(const absl::Status&)> on_connection;
  };

  Follower(v1::WatchRequest request, Callbacks callbacks, const Options& options);

  // Returns OK when the stream has ended well, CANCELLED after Stop, else the error that trying
  // again does not mend. The callbacks are called from inside, by this thread. Once only.
  absl::Status Run();

  // Makes Run return soon. By any thread, at any time.
  void Stop();

  // Of the last event delivered.
  int64_t cursor() const { return request_.cursor(); }

 private:
  absl::Status FollowOneStream();
  bool WaitBeforeRetry();
  bool Stopped();

  v1::WatchRequest request_;
  const Callbacks callbacks_;
  const Options options_;
  Backoff backoff_;
  bool ever_connected_ = false;
  bool lost_ = false;
  absl::Duration waited_;

  Mutex mutex_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  WatchStream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace fp4::client
