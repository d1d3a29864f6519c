// The calls that stay open until something happens, so that a server that stops can end them.
#pragma once

#include <memory>
#include <set>

#include "base/mutex.h"

namespace fp4::rpc {

class OpenCall {
 public:
  virtual ~OpenCall() = default;

  // The server stops: finish with UNAVAILABLE, reason SHUTTING_DOWN, as soon as no operation is
  // under way. May come at any time, also after the call has finished, from any thread.
  virtual void EndForShutdown() = 0;
};

// Thread-safe.
class OpenCalls {
 public:
  // False: the server has stopped; end the call at once.
  bool Add(const std::shared_ptr<OpenCall>& call);
  void Remove(const std::shared_ptr<OpenCall>& call);

  // Ends all that are open; whoever comes later is refused.
  void EndAll();

 private:
  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::shared_ptr<OpenCall>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fp4::rpc
