#include "server/rpc/convert_worker.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "server/rpc/convert_checkpoint.h"
#include "server/rpc/convert_event.h"
#include "wire/events.h"
#include "wire/exit_causes.h"
#include "wire/times.h"

namespace fp4::rpc {
namespace {

absl::Status Invalid(const std::string& problem) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, reason::kInvalidArgument, problem);
}

bool IsDirectoryId(const std::string& text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// The texts of the wire: an open set there, a closed one here.
absl::StatusOr<spec::ComputeDtype> ComputeDtypeFromProto(const v1::Slot& slot) {
  if (slot.cpu_compute_dtype() == "fp32") return spec::ComputeDtype::kFp32;
  if (slot.cpu_compute_dtype() == "bf16") return spec::ComputeDtype::kBf16;
  return Invalid(absl::StrCat("slots[", slot.index(), "].cpu_compute_dtype is '",
                              slot.cpu_compute_dtype(), "'; allowed: fp32, bf16"));
}

absl::StatusOr<core::Slot> SlotFromProto(const v1::Slot& message) {
  core::Slot slot;
  slot.index = message.index();
  if (message.kind() != v1::Slot::CPU && message.kind() != v1::Slot::GPU) {
    return Invalid(absl::StrCat("slots[", message.index(), "].kind is ",
                                static_cast<int>(message.kind()), "; allowed: CPU, GPU"));
  }
  slot.kind = message.kind() == v1::Slot::GPU ? core::SlotKind::kGpu : core::SlotKind::kCpu;
  slot.device = message.device();
  slot.name = message.name();
  slot.memory_bytes = message.memory_bytes();
  slot.cpu_threads = message.cpu_threads();
  FP4_ASSIGN_OR_RETURN(slot.compute_dtype, ComputeDtypeFromProto(message));
  return slot;
}

v1::Slot SlotToProto(const core::Slot& slot) {
  v1::Slot message;
  message.set_index(slot.index);
  message.set_kind(slot.kind == core::SlotKind::kGpu ? v1::Slot::GPU : v1::Slot::CPU);
  message.set_device(slot.device);
  message.set_name(slot.name);
  message.set_memory_bytes(slot.memory_bytes);
  message.set_cpu_threads(slot.cpu_threads);
  message.set_cpu_compute_dtype(slot.compute_dtype == spec::ComputeDtype::kBf16 ? "bf16" : "fp32");
  return message;
}

v1::Held HeldToProto(const store::Held& held) {
  v1::Held message;
  message.set_run_id(held.run_id);
  message.set_attempt(held.attempt);
  return message;
}

template <typename Messages>
std::vector<store::Held> HeldFromProto(const Messages& messages) {
  std::vector<store::Held> held;
  for (const v1::Held& message : messages) held.push_back({message.run_id(), message.attempt()});
  return held;
}

v1::Assignment AssignmentToProto(const store::Assignment& assignment) {
  v1::Assignment message;
  message.set_run_id(assignment.held.run_id);
  message.set_attempt(assignment.held.attempt);
  message.set_experiment_id(assignment.experiment_id);
  message.set_variant(assignment.variant);
  message.set_seed(static_cast<int64_t>(assignment.seed));
  message.set_document(assignment.document);
  message.mutable_slots()->Add(assignment.slots.begin(), assignment.slots.end());
  message.set_next_seq(assignment.next_seq);
  for (const store::AssignedCheckpoint& checkpoint : assignment.checkpoints) {
    v1::Checkpoint* added = message.has_resume_from() ? message.add_earlier_checkpoints()
                                                      : message.mutable_resume_from();
    *added = ToProto(checkpoint);
  }
  *message.mutable_max_runtime() = wire::ToProto(assignment.max_runtime);
  return message;
}

v1::FoundRunAnswer::Action ActionToProto(core::FoundAction action) {
  switch (action) {
    case core::FoundAction::kKeep:
      return v1::FoundRunAnswer::KEEP;
    case core::FoundAction::kDeliver:
      return v1::FoundRunAnswer::DELIVER;
    case core::FoundAction::kDiscard:
      return v1::FoundRunAnswer::DISCARD;
  }
  return v1::FoundRunAnswer::ACTION_UNSPECIFIED;
}

absl::StatusOr<core::ExitCause> CauseFromProto(v1::ReportExitRequest::Cause sent) {
  const std::optional<ExitCause> cause = wire::FromProto(sent);
  if (cause.has_value()) return *cause;
  return Invalid(absl::StrCat("cause is ", static_cast<int>(sent), ", which is not known here"));
}

std::optional<store::HostFacts> FactsFromProto(const v1::AcquireRequest& request, absl::Time now) {
  if (!request.has_host()) return std::nullopt;
  const v1::HostFacts& host = request.host();
  const absl::Time time = wire::FromProto(host.time());
  return store::HostFacts{.time = time,
                          .free_bytes = host.free_bytes(),
                          .total_bytes = host.total_bytes(),
                          .clock_ahead = time - now};
}

v1::HostFacts ToProto(const store::HostFacts& facts) {
  v1::HostFacts message;
  *message.mutable_time() = wire::ToProto(facts.time);
  message.set_free_bytes(facts.free_bytes);
  message.set_total_bytes(facts.total_bytes);
  *message.mutable_clock_ahead() = wire::ToProto(facts.clock_ahead);
  return message;
}

v1::Worker::Drain DrainToProto(core::Drain drain) {
  switch (drain) {
    case core::Drain::kNone:
      return v1::Worker::DRAIN_UNSPECIFIED;
    case core::Drain::kFinish:
      return v1::Worker::DRAINING;
    case core::Drain::kNow:
      return v1::Worker::DRAINING_NOW;
  }
  return v1::Worker::DRAIN_UNSPECIFIED;
}

}  // namespace

absl::StatusOr<store::RegisterWorker> FromProto(const v1::RegisterRequest& request) {
  if (request.name().empty()) return Invalid("name is empty");
  if (request.incarnation().empty()) return Invalid("incarnation is empty");
  if (!request.directory_id().empty() && !IsDirectoryId(request.directory_id())) {
    return Invalid(absl::StrCat("directory_id is '", absl::CHexEscape(request.directory_id()),
                                "'; it has 32 of the digits 0-9a-f"));
  }
  store::RegisterWorker result{.name = request.name(),
                               .host = request.host(),
                               .incarnation = request.incarnation(),
                               .version = request.version(),
                               .slots = {},
                               .found_runs = {},
                               .directory_id = request.directory_id(),
                               .place = request.place()};
  for (const v1::Slot& slot : request.slots()) {
    FP4_ASSIGN_OR_RETURN(result.slots.emplace_back(), SlotFromProto(slot));
  }
  for (const v1::FoundRun& found : request.found_runs()) {
    result.found_runs.push_back({.run_id = found.run_id(),
                                 .attempt = found.attempt(),
                                 .last_seq = found.last_seq(),
                                 .alive = found.alive(),
                                 .finished = found.finished()});
  }
  return result;
}

absl::StatusOr<store::AcquireWork> FromProto(const v1::AcquireRequest& request, absl::Time now) {
  const absl::Duration wait = wire::FromProto(request.wait());
  if (wait < absl::ZeroDuration() || wait > store::kMaxAcquireWait) {
    return Invalid(absl::StrCat("wait is ", absl::FormatDuration(wait), "; allowed: 0 s to ",
                                absl::FormatDuration(store::kMaxAcquireWait)));
  }
  return store::AcquireWork{.worker_id = request.worker_id(),
                            .incarnation = request.incarnation(),
                            .held = HeldFromProto(request.held()),
                            .wait = wait,
                            .unfit = request.unfit(),
                            .host_facts = FactsFromProto(request, now)};
}

store::RenewLeases FromProto(const v1::RenewLeasesRequest& request) {
  return {.worker_id = request.worker_id(),
          .incarnation = request.incarnation(),
          .held = HeldFromProto(request.held())};
}

absl::StatusOr<store::ReportEvents> FromProto(const v1::ReportEventsRequest& request) {
  store::ReportEvents result{.worker_id = request.worker_id(),
                             .held = {request.run_id(), request.attempt()},
                             .events = {}};
  result.events.reserve(request.events_size());
  for (const v1::Event& event : request.events()) {
    FP4_ASSIGN_OR_RETURN(result.events.emplace_back(), FromProto(event));
  }
  return result;
}

absl::StatusOr<store::ReportExit> FromProto(const v1::ReportExitRequest& request) {
  FP4_ASSIGN_OR_RETURN(const core::ExitCause cause, CauseFromProto(request.cause()));
  return store::ReportExit{.worker_id = request.worker_id(),
                           .held = {request.run_id(), request.attempt()},
                           .exit = {.cause = cause,
                                    .exit_code = request.exit_code(),
                                    .signal = request.signal(),
                                    .message = request.message(),
                                    .stderr_tail = request.stderr_tail()}};
}

v1::RegisterResponse ToProto(const store::RegisteredWorker& registered) {
  v1::RegisterResponse message;
  message.set_worker_id(registered.worker_id);
  *message.mutable_lease_ttl() = wire::ToProto(registered.lease_ttl);
  *message.mutable_renew_interval() = wire::ToProto(registered.renew_interval);
  for (const store::FoundAnswer& answer : registered.answers) {
    v1::FoundRunAnswer* added = message.add_answers();
    added->set_run_id(answer.held.run_id);
    added->set_attempt(answer.held.attempt);
    added->set_action(ActionToProto(answer.action));
    added->set_next_seq(answer.next_seq);
  }
  return message;
}

v1::AcquireResponse ToProto(const store::AcquiredWork& work) {
  v1::AcquireResponse message;
  for (const store::Assignment& assignment : work.assignments) {
    *message.add_assignments() = AssignmentToProto(assignment);
  }
  for (const store::Held& held : work.stop) *message.add_stop() = HeldToProto(held);
  return message;
}

v1::RenewLeasesResponse ToProto(const store::RenewedLeases& leases) {
  v1::RenewLeasesResponse message;
  for (const store::Held& held : leases.renewed) *message.add_renewed() = HeldToProto(held);
  for (const store::Held& held : leases.lost) *message.add_lost() = HeldToProto(held);
  for (const store::Held& held : leases.stop) *message.add_stop() = HeldToProto(held);
  return message;
}

v1::Worker ToProto(const store::WorkerRecord& worker) {
  v1::Worker message;
  message.set_id(worker.id);
  message.set_name(worker.name);
  message.set_host(worker.host);
  message.set_version(worker.version);
  message.set_connected(worker.connected);
  message.set_problem(worker.problem);
  message.set_drain(DrainToProto(worker.drain));
  if (worker.host_facts) *message.mutable_host_facts() = ToProto(*worker.host_facts);
  *message.mutable_last_seen_time() = wire::ToProto(worker.last_seen);
  for (const core::Slot& slot : worker.slots) {
    v1::Slot* added = message.add_slots();
    *added = SlotToProto(slot);
    const auto run = worker.run_of_slot.find(slot.index);
    if (run != worker.run_of_slot.end()) added->set_run_id(run->second);
  }
  return message;
}

v1::ListQueueResponse ToProto(const core::QueuePage& page) {
  v1::ListQueueResponse message;
  for (const core::QueuedRun& queued : page.runs) {
    v1::QueuedRun* run = message.add_runs();
    run->set_run_id(queued.run_id);
    run->set_position(queued.position);
    run->set_reason(queued.reason);
    run->set_why(queued.why);
    run->set_needs(queued.needs);
  }
  message.set_num_queued(page.num_queued);
  return message;
}

}  // namespace fp4::rpc
