#include "worker/checkpoints/transfers.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "base/backoff.h"
#include "base/log.h"
#include "base/mutex.h"
#include "worker/checkpoints/fetch.h"
#include "worker/checkpoints/pace.h"
#include "worker/checkpoints/upload.h"

namespace fp4::worker {
namespace {

constexpr absl::Duration kFirstRetry = absl::Milliseconds(500);
constexpr absl::Duration kLastRetry = absl::Seconds(30);
constexpr int kLowPriority = 10;  // a nice value
// A state that has so often arrived with another digest than its manifest tells is not offered any
// more: its file is damaged here.
constexpr int kMaxDamagedFiles = 3;

struct TransferMetrics {
  explicit TransferMetrics(telemetry::MetricRegistry& registry)
      : stored(registry.Counter("fp4_worker_checkpoints_stored_total",
                                "Checkpoints that the controller has taken.")),
        failures(registry.Counter("fp4_worker_checkpoint_failures_total",
                                  "Tries to bring a checkpoint to the controller or from it that "
                                  "failed.")),
        sent(registry.Counter("fp4_worker_checkpoint_sent_bytes_total",
                              "Bytes of checkpoints sent or put into the artifact folder.")),
        fetched(registry.Counter("fp4_worker_checkpoints_fetched_total",
                                 "Checkpoints that were brought here to go on from.")),
        waiting(registry.Gauge("fp4_worker_checkpoint_runs_waiting",
                               "Runs of which something may have to be sent.")) {}
  prometheus::Counter& stored;
  prometheus::Counter& failures;
  prometheus::Counter& sent;
  prometheus::Counter& fetched;
  prometheus::Gauge& waiting;
};

// A transfer on a thread of its own.
class FetchThread final : public Fetch {
 public:
  FetchThread(CheckpointClient& client, ArtifactPlace place, FetchRequest request,
              const std::optional<TrainerUser>& user, TransferMetrics& metrics)
      : thread_([this, &client, &user, &metrics, place = std::move(place),
                 request = std::move(request)] {
          absl::Status result =
              BringCheckpoint(client, place, request, user, [this] { return stopped_.load(); });
          (result.ok() ? metrics.fetched : metrics.failures).Increment();
          MutexLock lock(mutex_);
          result_ = std::move(result);
        }) {}
  ~FetchThread() override {
    stopped_ = true;
    thread_.join();
  }

  std::optional<absl::Status> Result() override {
    MutexLock lock(mutex_);
    return result_;
  }

 private:
  std::atomic<bool> stopped_ = false;
  Mutex mutex_;
  std::optional<absl::Status> result_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

class Transfers final : public CheckpointCarrier {
 public:
  Transfers(const TransferOptions& options, CheckpointClient& client, const Clock& clock,
            telemetry::MetricRegistry& registry)
      : options_(options),
        client_(client),
        clock_(clock),
        metrics_(registry),
        pace_(options.bytes_per_second),
        thread_([this] { Serve(); }) {}

  ~Transfers() override {
    {
      MutexLock lock(mutex_);
      closing_ = true;
    }
    changed_.NotifyAll();
    client_.CancelAll();
    thread_.join();
  }

  void OnRegistered(const Caller& caller, const ArtifactPlace& place) override {
    MutexLock lock(mutex_);
    caller_ = caller;
    // What the trainers' user makes cannot be put there, nor what lies there be given to him.
    place_ = options_.trainer_user ? ArtifactPlace{} : place;
    // A controller of an earlier release takes none.
    enabled_ = !place.token.empty();
    if (!enabled_) waiting_.clear();
    changed_.NotifyAll();
  }

  void Notice(const std::string& run_id) override {
    MutexLock lock(mutex_);
    if (std::ranges::find(waiting_, run_id) == waiting_.end()) waiting_.push_back(run_id);
    metrics_.waiting.Set(static_cast<double>(waiting_.size()));
    changed_.NotifyAll();
  }

  bool IsShipping(const std::string& run_id) override {
    MutexLock lock(mutex_);
    if (!enabled_) return false;
    return current_ == run_id || std::ranges::find(waiting_, run_id) != waiting_.end();
  }

  std::unique_ptr<Fetch> BeginFetch(FetchRequest request) override {
    ArtifactPlace place;
    {
      MutexLock lock(mutex_);
      place = place_;
    }
    return std::make_unique<FetchThread>(client_, std::move(place), std::move(request),
                                         options_.trainer_user, metrics_);
  }

 private:
  void Serve() {
    // Of this thread alone.
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kLowPriority);
    Backoff pause(kFirstRetry, kLastRetry, /*seed=*/17);
    for (std::string run_id = Next(); !run_id.empty(); run_id = Next()) {
      const absl::StatusOr<bool> more = Ship(run_id);
      if (more.ok()) {
        pause.Reset();
        EndCurrent(*more ? run_id : "");
        continue;
      }
      // One that has gone meanwhile, or that nobody wants any more: look again.
      const bool gone =
          absl::IsNotFound(more.status()) || absl::IsFailedPrecondition(more.status());
      if (!gone) {
        metrics_.failures.Increment();
        LogWarning("checkpoint not sent; trying again",
                   {{"run", run_id}, {"error", more.status().ToString()}});
      }
      EndCurrent(run_id);
      Pause(pause.Next());
    }
  }

  // The run whose turn it is; empty: closing.
  std::string Next() {
    MutexLock lock(mutex_);
    while (!closing_ && (!enabled_ || waiting_.empty())) changed_.Wait(lock);
    if (closing_) return "";
    current_ = std::move(waiting_.front());
    waiting_.pop_front();
    return current_;
  }

  // `again`: the run to come back to; empty: none.
  void EndCurrent(const std::string& again) {
    MutexLock lock(mutex_);
    current_.clear();
    const bool there = std::ranges::find(waiting_, again) != waiting_.end();
    if (enabled_ && !again.empty() && !there) waiting_.push_back(again);
    metrics_.waiting.Set(static_cast<double>(waiting_.size()));
  }

  // Tells what lies here of the run and sends what is wanted first. True: more may be wanted.
  absl::StatusOr<bool> Ship(const std::string& run_id) {
    UploadContext context{
        .client = client_, .caller = {}, .place = {}, .user = options_.trainer_user, .pace = {}};
    {
      MutexLock lock(mutex_);
      context.caller = caller_;
      context.place = place_;
    }
    context.pace = [this](int64_t bytes) { return PaceAfter(bytes); };
    std::vector<LocalCheckpoint> here = List(run_id);
    std::erase_if(here, [&](const LocalCheckpoint& one) {
      return num_damaged_[one.sha256] >= kMaxDamagedFiles;
    });
    const absl::StatusOr<std::vector<CheckpointKey>> wanted =
        client_.Offer(context.caller, run_id, here);
    if (!wanted.ok()) return wanted.status();
    if (wanted->empty()) return false;
    const auto first = std::ranges::find(here, wanted->front(), &LocalCheckpoint::key);
    if (first == here.end()) return false;
    const absl::Status sent = Upload(context, run_id, *first);
    if (absl::IsDataLoss(sent)) ++num_damaged_[first->sha256];
    if (!sent.ok()) return sent;
    metrics_.stored.Increment();
    LogInfo("checkpoint sent", {{"run", run_id},
                                {"step", first->key.step},
                                {"attempt", first->key.attempt},
                                {"bytes", first->bytes}});
    return true;
  }

  std::vector<LocalCheckpoint> List(const std::string& run_id) const {
    const ActAsTrainer act(options_.trainer_user);
    return ListLocalCheckpoints(options_.work_dir / "runs" / run_id);
  }

  bool PaceAfter(int64_t bytes) {
    metrics_.sent.Increment(static_cast<double>(bytes));
    return Pause(pace_.After(bytes, clock_.SinceBoot()) - clock_.SinceBoot());
  }

  // False: closing.
  bool Pause(absl::Duration duration) {
    const absl::Duration until = clock_.SinceBoot() + duration;
    MutexLock lock(mutex_);
    while (!closing_) {
      const absl::Duration left = until - clock_.SinceBoot();
      if (left <= absl::ZeroDuration()) return true;
      changed_.WaitFor(lock, left);
    }
    return false;
  }

  const TransferOptions options_;
  CheckpointClient& client_;
  const Clock& clock_;
  TransferMetrics metrics_;
  // Of the thread.
  Pace pace_;
  std::map<std::string, int> num_damaged_;  // by the digest that the manifest tells

  Mutex mutex_;
  CondVar changed_;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool enabled_ ABSL_GUARDED_BY(mutex_) = false;
  Caller caller_ ABSL_GUARDED_BY(mutex_);
  ArtifactPlace place_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> waiting_ ABSL_GUARDED_BY(mutex_);  // run ids, each once
  std::string current_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace

std::unique_ptr<CheckpointCarrier> MakeTransfers(const TransferOptions& options,
                                                 CheckpointClient& client, const Clock& clock,
                                                 telemetry::MetricRegistry& registry) {
  return std::make_unique<Transfers>(options, client, clock, registry);
}

}  // namespace fp4::worker
