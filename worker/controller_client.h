// The controller as the worker sees it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "worker/types.h"

namespace fp4::worker {

// Calls return at once. Each answer comes later, exactly once, on the thread that runs the worker's
// mailbox (never from within the call). Errors carry their reason (base/reasons.h: ReasonOf). To be
// used from that thread only.
class ControllerClient {
 public:
  template <typename T>
  using Answer = std::function<void(absl::StatusOr<T>)>;
  using Acknowledgement = std::function<void(absl::Status)>;

  virtual ~ControllerClient() = default;

  virtual void Register(const Introduction& introduction, const std::vector<FoundRun>& found,
                        Answer<Registration> answer) = 0;
  // Long poll: the controller answers when it has something, at the latest after `wait`.
  // `unfit` says why no work shall come now; empty: it shall.
  virtual void Acquire(const Caller& caller, const std::vector<Held>& held,
                       const std::string& unfit, const HostFacts& host, absl::Duration wait,
                       Answer<Work> answer) = 0;
  virtual void RenewLeases(const Caller& caller, const std::vector<Held>& held,
                           absl::Duration timeout, Answer<Renewal> answer) = 0;
  // The answer: the seq that the controller wants next.
  virtual void ReportEvents(const Caller& caller, const EventReport& report,
                            Answer<int64_t> answer) = 0;
  virtual void ReportExit(const Caller& caller, const Held& lease, const ExitReport& report,
                          Acknowledgement answer) = 0;
  // Ends the long poll in flight, if there is one, with CANCELLED.
  virtual void CancelAcquire() = 0;
};

}  // namespace fp4::worker
