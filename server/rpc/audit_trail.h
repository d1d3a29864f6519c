// What is kept of calls: who did what, from where, with what result.
#pragma once

#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "server/access/audit.h"
#include "server/access/gatekeeper.h"
#include "server/access/rate_limit.h"
#include "server/rpc/call_context.h"
#include "server/store/store.h"

namespace fp4::rpc {

// Writes a line of the log at once and a row of the database soon after, while callers are asked
// who they are. Thread-safe. What it is given outlives it.
class AuditTrail {
 public:
  AuditTrail(store::Store& store, access::Gatekeeper& gatekeeper, const Clock& clock);

  // Keeps a call that its rule or its refusal says is to be kept.
  void NoteCall(const std::string& method, const CallContext& context, const absl::Status& result);
  // The same of a request over HTTP: `action` is "POST /api/v1/login".
  void NoteRequest(const std::string& action, bool audited, const access::Caller& caller,
                   const absl::Status& result);
  // Stores when tokens were last used, as far as that is not stored.
  void FlushUses();

 private:
  void Keep(access::AuditEntry entry);
  // Whether another refusal is kept: somebody without an identity must not fill the disk.
  bool MayKeepRefusal(const std::string& address);

  store::Store& store_;
  access::Gatekeeper& gatekeeper_;
  const Clock& clock_;
  std::atomic<int64_t> next_flush_ms_ = 0;  // Clock::SinceBoot
  Mutex mutex_;
  access::RateLimit refusals_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fp4::rpc
