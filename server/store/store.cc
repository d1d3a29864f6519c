#include "server/store/store.h"

#include <atomic>
#include <utility>

#include "base/status_macros.h"
#include "server/core/placement.h"
#include "server/core/waiting.h"
#include "server/store/access_rows.h"
#include "server/store/checkpoints.h"
#include "server/store/errors.h"
#include "server/store/handlers.h"
#include "server/store/migrations.h"
#include "server/store/read_pool.h"
#include "server/store/subscriptions.h"
#include "server/store/writer.h"

namespace fp4::store {
namespace {

// A request whose handler computes the reply, given when the commit is durable.
template <typename Reply, typename Handler>
Writer::Job MakeJob(Done<Reply> done, Handler handler) {
  auto reply = std::make_shared<absl::StatusOr<Reply>>();
  return {.act = [reply, handler = std::move(handler)](
                     Ledger& ledger, Polls& polls) { *reply = handler(ledger, polls); },
          .finish =
              [reply, done = std::move(done)](const absl::Status& status) {
                if (status.ok()) {
                  done(std::move(*reply));
                } else {
                  done(status);
                }
              }};
}

}  // namespace

class Store::Impl {
 public:
  Impl(const StoreOptions& options, const Clock& clock, IdSource& ids, StoreObserver* observer)
      : file_(options.folder / "fp4.db"), subscriptions_(std::make_shared<Subscriptions>()) {
    auto connection = std::make_unique<Connection>(file_, Connection::Mode::kWrite);
    migrated_ = Migrate(*connection, EmbeddedMigrations(), options.folder);
    if (!migrated_.ok()) return;
    const WriterOptions writer_options{
        .timing = {.lease_ttl = options.lease_ttl}, .policy = options.policy, .tick = options.tick};
    writer_ = std::make_unique<Writer>(std::move(connection), writer_options, clock, ids, observer,
                                       subscriptions_);
    readers_ = std::make_unique<ReadPool>(file_, options.num_readers);
  }

  // What is written answers with what starts a read, and the other way round: the threads of both
  // have ended before either of them goes away.
  ~Impl() {
    if (writer_ != nullptr) writer_->Close();
    if (readers_ != nullptr) readers_->Close();
  }

  const absl::Status& migrated() const { return migrated_; }
  Writer& writer() { return *writer_; }
  ReadPool& readers() { return *readers_; }
  Subscriptions& subscriptions() { return *subscriptions_; }
  const std::filesystem::path& file() const { return file_; }
  int64_t NextCall() { return next_call_.fetch_add(1); }

  template <typename Reply, typename Handler>
  void Submit(Done<Reply> done, Handler handler) {
    writer_->Submit(MakeJob<Reply>(
        std::move(done),
        [handler = std::move(handler)](Ledger& ledger, Polls&) { return handler(ledger); }));
  }

 private:
  const std::filesystem::path file_;
  const std::shared_ptr<Subscriptions> subscriptions_;
  absl::Status migrated_;
  std::atomic<int64_t> next_call_ = 1;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<ReadPool> readers_;
};

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const StoreOptions& options, const Clock& clock,
                                                   IdSource& ids, StoreObserver* observer) {
  return WithoutExceptions([&]() -> absl::StatusOr<std::unique_ptr<Store>> {
    auto impl = std::make_unique<Impl>(options, clock, ids, observer);
    FP4_RETURN_IF_ERROR(impl->migrated());
    return std::unique_ptr<Store>(new Store(std::move(impl)));
  });
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Store::~Store() = default;

void Store::CreateExperiment(NewExperiment request, Done<CreatedExperiment> done) {
  impl_->Submit(std::move(done),
                [request = std::move(request)](Ledger& ledger) { return Handle(ledger, request); });
}

void Store::CancelRun(std::string id, Done<std::string> done) {
  impl_->Submit(std::move(done),
                [id = std::move(id)](Ledger& ledger) { return store::CancelRun(ledger, id); });
}

void Store::CancelExperiment(std::string id, Done<std::string> done) {
  impl_->Submit(std::move(done), [id = std::move(id)](Ledger& ledger) {
    return store::CancelExperiment(ledger, id);
  });
}

void Store::RetryRun(std::string id, Done<std::string> done) {
  impl_->Submit(std::move(done),
                [id = std::move(id)](Ledger& ledger) { return store::RetryRun(ledger, id); });
}

void Store::DeleteExperiment(std::string id, Done<Nothing> done) {
  impl_->Submit(std::move(done), [id = std::move(id)](Ledger& ledger) {
    return store::DeleteExperiment(ledger, id);
  });
}

void Store::Register(RegisterWorker request, Done<RegisteredWorker> done) {
  impl_->writer().Submit(MakeJob<RegisteredWorker>(
      std::move(done), [request = std::move(request)](Ledger& ledger, Polls& polls) {
        absl::StatusOr<RegisteredWorker> reply = Handle(ledger, request);
        if (reply.ok()) polls.Cancel(ledger, reply->worker_id, "");
        return reply;
      }));
}

// Polls answers a call that waits; whatever goes wrong before answers it here. The first answer
// counts: one that failed with its transaction may still stand in Polls, and what it would get
// there is delivered again to the worker's next call.
void Store::Acquire(AcquireWork request, Done<AcquiredWork> done) {
  auto answered = std::make_shared<bool>(false);  // of the writer's thread
  Done<AcquiredWork> once = [answered, done = std::move(done)](absl::StatusOr<AcquiredWork> work) {
    if (!std::exchange(*answered, true)) done(std::move(work));
  };
  auto checked = std::make_shared<absl::Status>();
  const int64_t call = impl_->NextCall();
  impl_->writer().Submit(
      {.act =
           [request = std::move(request), once, checked, call](Ledger& ledger, Polls& polls) {
             *checked = CheckWorker(ledger, request.worker_id, request.incarnation, request.caller)
                            .status();
             if (checked->ok()) polls.Add(ledger, request, call, once);
           },
       .finish =
           [once, checked](const absl::Status& status) {
             if (!status.ok()) {
               once(status);
             } else if (!checked->ok()) {
               once(*checked);
             }
           }});
}

void Store::CancelAcquire(std::string worker_id, std::string incarnation) {
  impl_->writer().Submit(
      {.act = [worker_id = std::move(worker_id), incarnation = std::move(incarnation)](
                  Ledger& ledger, Polls& polls) { polls.Cancel(ledger, worker_id, incarnation); },
       .finish = [](const absl::Status&) {}});
}

void Store::Renew(RenewLeases request, Done<RenewedLeases> done) {
  impl_->Submit(std::move(done),
                [request = std::move(request)](Ledger& ledger) { return Handle(ledger, request); });
}

void Store::Report(ReportEvents request, Done<ReportedEvents> done) {
  impl_->Submit(std::move(done),
                [request = std::move(request)](Ledger& ledger) { return Handle(ledger, request); });
}

void Store::Exit(ReportExit request, Done<Nothing> done) {
  impl_->Submit(std::move(done),
                [request = std::move(request)](Ledger& ledger) { return Handle(ledger, request); });
}

void Store::ListWorkers(Done<std::vector<WorkerRecord>> done) {
  impl_->Submit(std::move(done), [](Ledger& ledger) {
    return absl::StatusOr<std::vector<WorkerRecord>>(store::ListWorkers(ledger));
  });
}

void Store::ForgetWorker(ForgetWorkerRequest request, Done<WorkerRecord> done) {
  impl_->Submit(std::move(done),
                [request = std::move(request)](Ledger& ledger) { return Handle(ledger, request); });
}

void Store::DrainWorker(DrainWorkerRequest request, Done<WorkerRecord> done) {
  impl_->Submit(std::move(done),
                [request = std::move(request)](Ledger& ledger) { return Handle(ledger, request); });
}

void Store::Offer(OfferCheckpoints request, Done<WantedCheckpoints> done) {
  impl_->Submit(std::move(done),
                [request = std::move(request)](Ledger& ledger) { return Handle(ledger, request); });
}

void Store::NoteStored(StoredCheckpoint checkpoint, Done<Nothing> done) {
  impl_->Submit(std::move(done), [checkpoint = std::move(checkpoint)](Ledger& ledger) {
    absl::StatusOr<Nothing> noted = store::NoteStored(ledger, checkpoint);
    return noted.ok() ? DropSuperfluous(ledger, checkpoint.run_id) : noted;
  });
}

void Store::Evict(int64_t bytes, Done<Nothing> done) {
  impl_->Submit(std::move(done), [bytes](Ledger& ledger) { return store::Evict(ledger, bytes); });
}

void Store::WhyQueued(std::vector<std::string> run_ids, Done<std::vector<core::QueuedRun>> done) {
  impl_->Submit(std::move(done), [run_ids = std::move(run_ids)](Ledger& ledger) {
    std::vector<core::QueuedRun> answers;
    for (const std::string& id : run_ids) {
      core::QueuedRun& answer = answers.emplace_back();
      answer.run_id = id;
      const auto run = ledger.state().runs.find(id);
      if (run == ledger.state().runs.end()) continue;
      core::Waiting waiting = core::ExplainWait(run->second, ledger.state(), ledger.since_boot());
      if (waiting.reason.empty()) continue;
      answer.reason = std::string(waiting.reason);
      answer.why = std::move(waiting.why);
      answer.needs = core::DescribeNeeds(run->second.resources);
    }
    return absl::StatusOr<std::vector<core::QueuedRun>>(std::move(answers));
  });
}

void Store::CountWaiting(Done<std::map<std::string, int64_t>> done) {
  impl_->Submit(std::move(done), [](Ledger& ledger) {
    return absl::StatusOr<std::map<std::string, int64_t>>(
        core::CountWaiting(ledger.state(), ledger.since_boot()));
  });
}

void Store::ListQueue(int64_t after, int64_t limit, Done<core::QueuePage> done) {
  impl_->Submit(std::move(done), [after, limit](Ledger& ledger) {
    return absl::StatusOr<core::QueuePage>(
        core::ListQueue(ledger.state(), ledger.since_boot(), after, limit));
  });
}

void Store::CreateToken(access::TokenRecord token, Done<access::TokenRecord> done) {
  impl_->Submit(std::move(done),
                [token = std::move(token)](Ledger& ledger) { return InsertToken(ledger, token); });
}

void Store::RevokeToken(std::string id, Done<access::TokenRecord> done) {
  impl_->Submit(std::move(done),
                [id = std::move(id)](Ledger& ledger) { return store::RevokeToken(ledger, id); });
}

void Store::NoteTokenUses(std::vector<std::pair<std::string, absl::Time>> uses) {
  impl_->Submit<Nothing>(
      [](const absl::StatusOr<Nothing>&) {},
      [uses = std::move(uses)](Ledger& ledger) { return store::NoteTokenUses(ledger, uses); });
}

void Store::AppendAudit(access::AuditEntry entry) {
  impl_->Submit<Nothing>(
      [](const absl::StatusOr<Nothing>&) {},
      [entry = std::move(entry)](Ledger& ledger) { return store::AppendAudit(ledger, entry); });
}

void Store::Read(std::function<void(Reader&)> read) { impl_->readers().Run(std::move(read)); }

std::shared_ptr<Store::Subscription> Store::Subscribe(std::function<void(int64_t)> listener) {
  return impl_->subscriptions().Add(std::move(listener));
}

absl::StatusOr<std::vector<StoredCheckpoint>> Store::CopyDatabase(
    const std::filesystem::path& target) const {
  return WithoutExceptions([&]() -> absl::StatusOr<std::vector<StoredCheckpoint>> {
    {
      Connection source(impl_->file(), Connection::Mode::kRead);
      FP4_RETURN_IF_ERROR(source.CopyTo(target));
    }
    Connection copy(target, Connection::Mode::kRead);
    return ReadStored(copy);
  });
}

int64_t Store::SizeBytes() const {
  int64_t bytes = 0;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code error;
    const auto size = std::filesystem::file_size(impl_->file().string() + suffix, error);
    if (!error) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

std::map<core::RunState, int64_t> Store::CountRuns() const { return impl_->writer().CountRuns(); }

absl::Status Store::Health() const { return impl_->writer().Health(); }

}  // namespace fp4::store
