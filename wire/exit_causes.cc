#include "wire/exit_causes.h"

#include <iterator>
#include <utility>

namespace fp4::wire {
namespace {

using Wire = v1::ReportExitRequest;

constexpr std::pair<ExitCause, Wire::Cause> kCauses[] = {
    {ExitCause::kExited, Wire::EXITED},
    {ExitCause::kSignaled, Wire::SIGNALED},
    {ExitCause::kLeaseLost, Wire::LEASE_LOST},
    {ExitCause::kMaxRuntime, Wire::MAX_RUNTIME},
    {ExitCause::kSpawnFailed, Wire::SPAWN_FAILED},
    {ExitCause::kLost, Wire::LOST},
    {ExitCause::kWorkerStopped, Wire::WORKER_STOPPED},
    {ExitCause::kDiskFull, Wire::DISK_FULL},
    {ExitCause::kMachineFault, Wire::MACHINE_FAULT},
    {ExitCause::kLogBroken, Wire::LOG_BROKEN}};
static_assert(std::size(kCauses) == std::size(kExitCauses), "every cause has a row");

}  // namespace

v1::ReportExitRequest::Cause ToProto(ExitCause cause) {
  for (const auto& [known, wire] : kCauses) {
    if (known == cause) return wire;
  }
  return Wire::CAUSE_UNSPECIFIED;
}

std::optional<ExitCause> FromProto(v1::ReportExitRequest::Cause cause) {
  for (const auto& [known, wire] : kCauses) {
    if (wire == cause) return known;
  }
  return std::nullopt;
}

}  // namespace fp4::wire
