#include "server/rpc/audit_trail.h"

#include <utility>

#include "base/log.h"
#include "base/peer.h"
#include "base/reasons.h"

namespace fp4::rpc {
namespace {

constexpr absl::Duration kFlushInterval = absl::Minutes(1);
// Of one address: so many refusals at once and a second are kept.
constexpr double kRefusalBurst = 20, kRefusalsPerSecond = 1;

bool IsRefusal(const absl::Status& status) {
  return absl::IsUnauthenticated(status) ||
         (absl::IsPermissionDenied(status) && ReasonOf(status) == reason::kPermissionDenied);
}

access::AuditEntry EntryOf(const access::Caller& caller, const absl::Status& result) {
  access::AuditEntry entry;
  entry.who = caller.name;
  if (!caller.name.empty()) entry.role = std::string(access::RoleName(caller.role));
  entry.address = caller.address;
  entry.code = absl::StatusCodeToString(result.code());
  entry.message = std::string(result.message());
  return entry;
}

}  // namespace

AuditTrail::AuditTrail(store::Store& store, access::Gatekeeper& gatekeeper, const Clock& clock)
    : store_(store),
      gatekeeper_(gatekeeper),
      clock_(clock),
      refusals_({.burst = kRefusalBurst, .per_second = kRefusalsPerSecond}) {}

void AuditTrail::NoteCall(const std::string& method, const CallContext& context,
                          const absl::Status& result) {
  // A request that could not be read never came to the gate.
  if (context.rule == nullptr || context.caller.open) return;
  if (absl::ToInt64Milliseconds(clock_.SinceBoot()) >= next_flush_ms_) FlushUses();
  const bool refused = IsRefusal(result);
  if (!context.rule->audited && !refused) return;
  if (ReasonOf(result) == reason::kTooManyCalls) return;
  if (refused && !MayKeepRefusal(context.caller.address)) return;
  access::AuditEntry entry = EntryOf(context.caller, result);
  entry.action = method;
  entry.subject = context.subject;
  Keep(std::move(entry));
}

void AuditTrail::NoteRequest(const std::string& action, bool audited, const access::Caller& caller,
                             const absl::Status& result) {
  const bool refused = IsRefusal(result);
  if (caller.open || (!audited && !refused) || ReasonOf(result) == reason::kTooManyCalls) return;
  if (refused && !MayKeepRefusal(caller.address)) return;
  access::AuditEntry entry = EntryOf(caller, result);
  entry.action = action;
  Keep(std::move(entry));
}

void AuditTrail::FlushUses() {
  next_flush_ms_ = absl::ToInt64Milliseconds(clock_.SinceBoot() + kFlushInterval);
  std::vector<std::pair<std::string, absl::Time>> uses = gatekeeper_.TakeUses();
  if (!uses.empty()) store_.NoteTokenUses(std::move(uses));
}

bool AuditTrail::MayKeepRefusal(const std::string& address) {
  MutexLock lock(mutex_);
  return refusals_.Allow(NetworkOf(access::HostOf(address)), clock_.SinceBoot());
}

void AuditTrail::Keep(access::AuditEntry entry) {
  entry.time = clock_.Now();
  LogInfo("audit", {{"who", entry.who},
                    {"role", entry.role},
                    {"address", entry.address},
                    {"action", entry.action},
                    {"subject", entry.subject},
                    {"code", entry.code},
                    {"why", entry.message}});
  store_.AppendAudit(std::move(entry));
}

}  // namespace fp4::rpc
