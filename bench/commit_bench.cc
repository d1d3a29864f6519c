// What one commit of the controller costs while runs are queued, from the request to its answer,
// and what a request costs that only looks. The database lies in FP4_BENCH_FOLDER, default
// /dev/shm: the disk is not what is measured.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/ids.h"
#include "server/store/store.h"
#include "spec/document.h"

namespace fp4::store {
namespace {

constexpr int64_t kRunsOfAnExperiment = 1000;

// An experiment of so many runs that wait for a GPU, which no worker has.
NewExperiment QueuedRuns(int64_t num_runs) {
  std::string seeds;
  for (int64_t seed = 1; seed <= num_runs; ++seed)
    absl::StrAppend(&seeds, seed > 1 ? "," : "", seed);
  const std::string document = absl::StrCat(
      R"({"schema_version": 1, "name": "queued", "model": {"preset": "micro"},
          "data": {"source": "synthetic"}, "training": {"steps": 10},
          "resources": {"gpus": 1}, "seeds": [)",
      seeds, "]}");
  spec::ReadResult result = spec::ReadExperiment(document, {}, {.base_folder = "/"});
  if (!result.ok()) std::abort();
  return {.experiment = std::move(result.experiment),
          .document = document,
          .document_name = "queued.json",
          .overrides = {},
          .created_by = "bench",
          .request_id = ""};
}

class QueuedStore {
 public:
  explicit QueuedStore(int64_t num_runs) {
    const char* folder = std::getenv("FP4_BENCH_FOLDER");
    folder_ = std::filesystem::path(folder == nullptr ? "/dev/shm" : folder) /
              absl::StrCat("fp4-bench-", RandomIds().NewId());
    std::filesystem::create_directories(folder_);
    store_ = Store::Open({.folder = folder_}, SystemClock(), RandomIds(), nullptr).value();
    for (int64_t left = num_runs; left > 0; left -= kRunsOfAnExperiment) {
      Wait<CreatedExperiment>([&](auto done) {
        store_->CreateExperiment(QueuedRuns(std::min(left, kRunsOfAnExperiment)), done);
      });
    }
    worker_.slots.push_back({.device = "cpu", .name = "cpu", .cpu_threads = 1});
    Register();
  }
  ~QueuedStore() {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  // Writes the worker's row.
  void Register() {
    worker_id_ =
        Wait<RegisteredWorker>([&](auto done) { store_->Register(worker_, done); }).worker_id;
  }
  // Writes nothing; the worker's slot is free while it waits.
  void Acquire() {
    Wait<AcquiredWork>([&](auto done) {
      store_->Acquire({worker_id_, worker_.incarnation, {}, absl::ZeroDuration()}, done);
    });
  }

 private:
  template <typename Reply, typename Call>
  Reply Wait(const Call& call) {
    std::promise<absl::StatusOr<Reply>> promise;
    call([&](absl::StatusOr<Reply> reply) { promise.set_value(std::move(reply)); });
    return promise.get_future().get().value();
  }

  std::filesystem::path folder_;
  std::unique_ptr<Store> store_;
  RegisterWorker worker_{.name = "bench",
                         .host = "here",
                         .incarnation = "i1",
                         .version = "0",
                         .slots = {},
                         .found_runs = {}};
  std::string worker_id_;
};

void CommitWhileRunsAreQueued(benchmark::State& state) {
  QueuedStore store(state.range(0));
  for (auto _ : state) store.Register();
}

void AcquireWhileRunsAreQueued(benchmark::State& state) {
  QueuedStore store(state.range(0));
  for (auto _ : state) store.Acquire();
}

BENCHMARK(CommitWhileRunsAreQueued)
    ->Arg(0)
    ->Arg(1000)
    ->Arg(10000)
    ->Arg(64000)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();
BENCHMARK(AcquireWhileRunsAreQueued)
    ->Arg(0)
    ->Arg(1000)
    ->Arg(10000)
    ->Arg(64000)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace fp4::store

BENCHMARK_MAIN();
