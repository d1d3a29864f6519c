// The one thread that writes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "server/store/connection.h"
#include "server/store/ledger.h"
#include "server/store/observer.h"
#include "server/store/polls.h"
#include "server/store/subscriptions.h"

namespace fp4::store {

struct WriterOptions {
  core::DecisionTiming timing;
  core::SchedulingPolicy policy;
  absl::Duration tick;
};

// Thread-safe.
class Writer {
 public:
  // `act` computes the reply and keeps it; it may run again after a failed transaction. `finish` is
  // called once, after all that was written is durable, or with the reason why nothing was.
  struct Job {
    std::function<void(Ledger&, Polls&)> act;
    std::function<void(const absl::Status&)> finish;
  };

  // The database is migrated. Throws SQLite::Exception, also when it cannot be written. `observer`
  // may be null.
  Writer(std::unique_ptr<Connection> connection, const WriterOptions& options, const Clock& clock,
         IdSource& ids, StoreObserver* observer, std::shared_ptr<Subscriptions> subscriptions);
  // Closes it.
  ~Writer();

  // After Close a job is finished at once, with the reason that the controller stops.
  void Submit(Job job);

  // Finishes what runs; what waits is finished with that reason. By its owner.
  void Close();

  std::map<core::RunState, int64_t> CountRuns() const;
  absl::Status Health() const;

 private:
  void Loop();
  // Empty after a tick without work. False: closing.
  bool WaitForJobs(std::vector<Job>& jobs);
  void RunBatch(std::vector<Job>& jobs);
  // The jobs, what core::Decide adds, and the commit; what polls get is delivered after it.
  void RunTransaction(std::vector<Job>& jobs);
  // Finds out by itself that the database cannot be written, before there is something to store,
  // and that it can be again: then with a new handle.
  void KeepWatch();
  void SaveLastSightings();
  void NoteWrite();
  void NoteFailure(const absl::Status& error);
  void ApplyDecisions();
  void Apply(const core::Action& action);
  void Recover(std::vector<Job>& jobs, const absl::Status& error);
  void Purge();
  void Publish(size_t num_requests, bool wrote, absl::Duration duration);
  void SetHealth(absl::Status status);

  const std::unique_ptr<Connection> connection_;
  const WriterOptions options_;
  const Clock& clock_;
  StoreObserver& observer_;
  const std::shared_ptr<Subscriptions> subscriptions_;

  // Of the writer's thread.
  Ledger ledger_;
  Polls polls_;
  bool must_load_ = false;
  absl::Duration next_probe_;     // on the boot clock
  bool may_have_deleted_ = true;  // then the loop does not wait

  mutable Mutex mutex_;
  CondVar changed_;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Job> waiting_ ABSL_GUARDED_BY(mutex_);
  std::map<core::RunState, int64_t> counts_ ABSL_GUARDED_BY(mutex_);
  absl::Status health_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace fp4::store
