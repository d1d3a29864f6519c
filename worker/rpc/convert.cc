#include "worker/rpc/convert.h"

#include "wire/events.h"
#include "wire/exit_causes.h"
#include "wire/protocol.h"
#include "wire/times.h"

namespace fp4::worker {
namespace {

v1::Slot ToProto(const Slot& slot) {
  v1::Slot message;
  message.set_index(slot.index);
  message.set_kind(slot.kind == SlotKind::kGpu ? v1::Slot::GPU : v1::Slot::CPU);
  message.set_device(slot.device);
  message.set_name(slot.name);
  message.set_memory_bytes(slot.memory_bytes);
  message.set_cpu_threads(slot.cpu_threads);
  message.set_cpu_compute_dtype(slot.cpu_compute_dtype);
  return message;
}

template <typename Message>
Held LeaseOf(const Message& message) {
  return {.run_id = message.run_id(), .attempt = message.attempt()};
}

template <typename List>
std::vector<Held> LeasesOf(const List& list) {
  std::vector<Held> leases;
  for (const auto& message : list) leases.push_back(LeaseOf(message));
  return leases;
}

// An action that this worker does not know yet ends the trainer and keeps what it wrote.
FoundAction FromProto(v1::FoundRunAnswer::Action action) {
  if (action == v1::FoundRunAnswer::KEEP) return FoundAction::kKeep;
  if (action == v1::FoundRunAnswer::DISCARD) return FoundAction::kDiscard;
  return FoundAction::kDeliver;
}

CheckpointRef FromProto(const v1::Checkpoint& message) {
  return {.path = message.path(),
          .step = message.step(),
          .attempt = message.attempt(),
          .bytes = message.bytes(),
          .sha256 = message.sha256(),
          .stored = message.stored()};
}

std::vector<CheckpointRef> CheckpointsOf(const v1::Assignment& message) {
  std::vector<CheckpointRef> checkpoints;
  if (message.has_resume_from()) checkpoints.push_back(FromProto(message.resume_from()));
  for (const v1::Checkpoint& earlier : message.earlier_checkpoints()) {
    checkpoints.push_back(FromProto(earlier));
  }
  return checkpoints;
}

Assignment FromProto(const v1::Assignment& message) {
  return {.lease = LeaseOf(message),
          .document = message.document(),
          .slots = {message.slots().begin(), message.slots().end()},
          .next_seq = message.next_seq(),
          .checkpoints = CheckpointsOf(message),
          .max_runtime = wire::FromProto(message.max_runtime())};
}

}  // namespace

v1::Held ToProto(const Held& held) {
  v1::Held message;
  message.set_run_id(held.run_id);
  message.set_attempt(held.attempt);
  return message;
}

v1::HostFacts ToProto(const HostFacts& host) {
  v1::HostFacts message;
  *message.mutable_time() = wire::ToProto(host.time);
  message.set_free_bytes(host.free_bytes);
  message.set_total_bytes(host.total_bytes);
  return message;
}

v1::RegisterRequest ToProto(const Introduction& introduction, const std::vector<FoundRun>& found) {
  v1::RegisterRequest message;
  message.set_protocol_version(wire::kProtocolVersion);
  message.set_directory_id(introduction.directory_id);
  message.set_place(introduction.place);
  message.set_name(introduction.name);
  message.set_host(introduction.host);
  message.set_incarnation(introduction.incarnation);
  message.set_version(introduction.version);
  for (const Slot& slot : introduction.slots) *message.add_slots() = ToProto(slot);
  for (const FoundRun& run : found) {
    v1::FoundRun* added = message.add_found_runs();
    added->set_run_id(run.lease.run_id);
    added->set_attempt(run.lease.attempt);
    added->set_last_seq(run.last_seq);
    added->set_alive(run.alive);
    added->set_finished(run.finished);
  }
  return message;
}

v1::ReportEventsRequest ToProto(const EventReport& report, const std::string& worker_id) {
  v1::ReportEventsRequest message;
  message.set_worker_id(worker_id);
  message.set_run_id(report.lease.run_id);
  message.set_attempt(report.lease.attempt);
  for (const spec::Event& event : report.events) {
    v1::Event& added = *message.add_events();
    wire::ToProto(event, added);
    added.set_run_id(report.lease.run_id);
  }
  return message;
}

v1::ReportExitRequest ToProto(const Held& lease, const ExitReport& report,
                              const std::string& worker_id) {
  v1::ReportExitRequest message;
  message.set_worker_id(worker_id);
  message.set_run_id(lease.run_id);
  message.set_attempt(lease.attempt);
  message.set_cause(wire::ToProto(report.cause));
  message.set_exit_code(report.exit_code);
  message.set_signal(report.signal);
  message.set_message(report.message);
  message.set_stderr_tail(report.stderr_tail);
  return message;
}

absl::StatusOr<Registration> FromProto(const v1::RegisterResponse& response) {
  Registration registration = {
      .worker_id = response.worker_id(),
      .lease_ttl = wire::FromProto(response.lease_ttl()),
      .renew_interval = wire::FromProto(response.renew_interval()),
      .answers = {},
      .artifacts = {response.artifact_folder(), response.artifact_token()}};
  if (registration.lease_ttl <= absl::ZeroDuration()) {
    return absl::InternalError("the controller gave no lease TTL");
  }
  if (registration.renew_interval <= absl::ZeroDuration()) {
    registration.renew_interval = registration.lease_ttl / 6;
  }
  for (const v1::FoundRunAnswer& answer : response.answers()) {
    registration.answers.push_back({.lease = LeaseOf(answer),
                                    .action = FromProto(answer.action()),
                                    .next_seq = answer.next_seq()});
  }
  return registration;
}

Work FromProto(const v1::AcquireResponse& response) {
  Work work;
  for (const v1::Assignment& message : response.assignments()) {
    work.assignments.push_back(FromProto(message));
  }
  work.stop = LeasesOf(response.stop());
  return work;
}

Renewal FromProto(const v1::RenewLeasesResponse& response) {
  return {.renewed = LeasesOf(response.renewed()),
          .lost = LeasesOf(response.lost()),
          .stop = LeasesOf(response.stop())};
}

}  // namespace fp4::worker
