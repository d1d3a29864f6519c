// All that the controller knows, in one SQLite database: experiments, runs, leases' attempts,
// events and metric points.
//
// One thread writes. Requests queue up; whatever waits becomes one transaction (group commit),
// after which core::Decide looks at the state in memory and its actions are applied in the same
// transaction. Answers are given after the commit is durable (synchronous=FULL): what was answered
// with OK survives a crash of the process and of the host. Reads run on a small pool of threads
// with connections of their own and never wait for the writer.
//
// Errors carry a reason of base/reasons.h. NOT_FOUND NOT_FOUND, INVALID_ARGUMENT AMBIGUOUS_ID: the
// id. UNAVAILABLE STORAGE: the database could not be written (the message says why); nothing of the
// request was stored. UNAVAILABLE SHUTTING_DOWN: the store is closing. Others stand at the calls.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/ids.h"
#include "server/access/audit.h"
#include "server/access/identity.h"
#include "server/core/queue_order.h"
#include "server/store/observer.h"
#include "server/store/reader.h"
#include "server/store/records.h"
#include "server/store/requests.h"

namespace fp4::store {

struct StoreOptions {
  std::filesystem::path folder;  // holds fp4.db; must exist, locked by the caller (LockFolder)
  absl::Duration lease_ttl = absl::Seconds(30);
  core::SchedulingPolicy policy = {};
  int num_readers = 2;
  // How often the writer looks at the leases when nothing else happens. Below 5 s.
  absl::Duration tick = absl::Milliseconds(500);
};

// Thread-safe. Calls return at once; answers come on the writer's thread, which they must not
// block.
class Store {
 public:
  // Opens or makes the database, migrates it (FAILED_PRECONDITION for one made by a newer version;
  // a copy fp4.db.before-N is kept of one that is migrated), and starts the threads. `clock`, `ids`
  // and `observer` outlive the store; `observer` may be null.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const StoreOptions& options,
                                                     const Clock& clock, IdSource& ids,
                                                     StoreObserver* observer);
  // Answers all that waits with SHUTTING_DOWN and joins the threads.
  ~Store();

  // ---- Users.
  // Queues the experiment's runs, all or nothing. ALREADY_EXISTS REQUEST_ID_REUSED: another
  // document or other overrides came under this request_id before.
  void CreateExperiment(NewExperiment request, Done<CreatedExperiment> done);
  // A queued run is cancelled at once, a leased one when its worker has stopped it. Idempotent; a
  // finished run stays as it is. Answers with the full id.
  void CancelRun(std::string id, Done<std::string> done);
  void CancelExperiment(std::string id, Done<std::string> done);
  // FAILED_PRECONDITION ILLEGAL_TRANSITION: the run has not failed and was not cancelled.
  void RetryRun(std::string id, Done<std::string> done);
  // FAILED_PRECONDITION RUNS_ACTIVE: a run has not finished. What is deleted is gone for readers at
  // once; its points are removed bit by bit.
  void DeleteExperiment(std::string id, Done<Nothing> done);

  // ---- Workers. FAILED_PRECONDITION UNKNOWN_WORKER: no such worker, or another incarnation.
  // FAILED_PRECONDITION DUPLICATE_WORKER: another live worker has the same directory_id.
  // A run leased to this worker whose trainer had reported, and that is not among those found, has
  // lost its trainer: it is tried again.
  void Register(RegisterWorker request, Done<RegisteredWorker> done);
  // Answers when there is an assignment that is not held or a run to stop (told once; renewals
  // repeat it), or after `wait` with nothing. A later call of the same worker, and CancelAcquire
  // (its connection broke), end the wait with nothing. A worker gets work only while it waits here.
  // A cancelled run that the worker does not hold ends here.
  void Acquire(AcquireWork request, Done<AcquiredWork> done);
  void CancelAcquire(std::string worker_id, std::string incarnation);
  void Renew(RenewLeases request, Done<RenewedLeases> done);
  // Stores what is new. FAILED_PRECONDITION STALE_ATTEMPT: `held` is not the run's last attempt, or
  // another worker's lease. OUT_OF_RANGE SEQ_GAP (metadata expected_seq): events are missing before
  // the first. INVALID_ARGUMENT: seq not contiguous, an attempt later than the fence, a step below
  // 0. The last attempt's events are taken after its lease is over, too.
  void Report(ReportEvents request, Done<ReportedEvents> done);
  // Idempotent. FAILED_PRECONDITION STALE_ATTEMPT: an attempt whose lease ended otherwise, when a
  // later one has been made.
  void Exit(ReportExit request, Done<Nothing> done);

  // ---- Checkpoints.
  // Notes which of a run lie on the worker's disk; answers with those that the controller wants.
  void Offer(OfferCheckpoints request, Done<WantedCheckpoints> done);
  // The controller holds it now; what it replaces is noted as held no longer. FAILED_PRECONDITION
  // NOT_WANTED: the run is gone, or none of its events tells of this checkpoint.
  void NoteStored(StoredCheckpoint checkpoint, Done<Nothing> done);
  // Of completed runs so many are noted as held no longer that `bytes` can be freed.
  // RESOURCE_EXHAUSTED ARTIFACT_SPACE: nothing was, for there are not enough.
  void Evict(int64_t bytes, Done<Nothing> done);

  // ---- Others.
  // What is known of workers, from memory.
  void ListWorkers(Done<std::vector<WorkerRecord>> done);
  // FAILED_PRECONDITION WORKER_IN_USE: it is connected, or has a lease. Answers with the worker as
  // it was. One that registers again is listed again.
  void ForgetWorker(ForgetWorkerRequest request, Done<WorkerRecord> done);
  // Whether it takes new runs, from now on and over restarts. Answers with the worker as it is
  // then.
  void DrainWorker(DrainWorkerRequest request, Done<WorkerRecord> done);
  // Why queued runs wait and what would start them, in the order of the ids, without positions; all
  // empty for a run that does not. Full ids.
  void WhyQueued(std::vector<std::string> run_ids, Done<std::vector<core::QueuedRun>> done);
  // core::CountWaiting of what is queued now.
  void CountWaiting(Done<std::map<std::string, int64_t>> done);

  // core::ListQueue of what is queued now.
  void ListQueue(int64_t after, int64_t limit, Done<core::QueuePage> done);

  // ---- Access.
  // ALREADY_EXISTS ALREADY_EXISTS: a token of this name is in force. FAILED_PRECONDITION
  // FIRST_TOKEN: the first of all must be an administrator's, or nobody could make the next one.
  // Answers with the token as it is stored.
  void CreateToken(access::TokenRecord token, Done<access::TokenRecord> done);
  // `id`, or the name of one that is in force. Idempotent. Answers with the token as it is then.
  void RevokeToken(std::string id, Done<access::TokenRecord> done);
  // Soon; nobody waits for it.
  void NoteTokenUses(std::vector<std::pair<std::string, absl::Time>> uses);
  void AppendAudit(access::AuditEntry entry);

  // ---- Reads.
  // Runs `read` on a reader's thread, as soon as one is free. When the store is closing it is not
  // run, but destroyed.
  void Read(std::function<void(Reader&)> read);

  // ---- Watchers.
  // `listener` is called on the writer's thread with the newest commit number after each commit
  // that stored events, until the returned handle is destroyed (which waits for a call in progress;
  // not from within one).
  class Subscription;
  std::shared_ptr<Subscription> Subscribe(std::function<void(int64_t newest_cursor)> listener);

  // Copies the database, as it is at one moment, to a file that is not there yet, and says which
  // checkpoints it holds. Nobody waits meanwhile but the caller. UNAVAILABLE STORAGE.
  absl::StatusOr<std::vector<StoredCheckpoint>> CopyDatabase(
      const std::filesystem::path& target) const;

  // Bytes of the database and its write-ahead log on the disk.
  int64_t SizeBytes() const;
  // Unfinished runs by state, all finished ones counted at the start and from then on.
  std::map<core::RunState, int64_t> CountRuns() const;
  // OK while writes succeed; the last failure otherwise.
  absl::Status Health() const;

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fp4::store
