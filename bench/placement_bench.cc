// How many runs a second the controller's store places, takes reports of and ends, with 200
// simulated workers of one slot each and 10,000 queued runs, over many experiments or few. Three
// calls a run, as a worker makes them: Acquire, Report, Exit; what gRPC costs comes on top. Usage:
// placement_bench [NUM_RUNS [NUM_EXPERIMENTS [NUM_WORKERS]]]; FP4_BENCH_FOLDER as in
// commit_bench.cc.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/ids.h"
#include "server/store/store.h"
#include "spec/document.h"

namespace fp4::store {
namespace {

NewExperiment QueuedRuns(int64_t num_runs, const std::string& user) {
  std::string seeds;
  for (int64_t seed = 1; seed <= num_runs; ++seed) {
    absl::StrAppend(&seeds, seed > 1 ? "," : "", seed);
  }
  const std::string document =
      absl::StrCat(R"({"name": "queued", "resources": {"gpus": 0}, "seeds": [)", seeds, "]}");
  spec::ReadResult result = spec::ReadExperiment(document, {}, {.base_folder = "/"});
  if (!result.ok()) std::abort();
  return {.experiment = std::move(result.experiment),
          .document = document,
          .document_name = "queued.json",
          .overrides = {},
          .created_by = user,
          .request_id = ""};
}

template <typename Reply, typename Call>
Reply Wait(const Call& call) {
  std::promise<absl::StatusOr<Reply>> promise;
  call([&](absl::StatusOr<Reply> reply) { promise.set_value(std::move(reply)); });
  return promise.get_future().get().value();
}

// What the store does, as its observer sees it.
class Counting : public StoreObserver {
 public:
  void OnAssigned(absl::Duration) override { ++num_placed; }
  void OnDecide(absl::Duration duration) override {
    decide_nanos += absl::ToInt64Nanoseconds(duration);
    ++num_decisions;
  }
  std::atomic<int64_t> num_placed = 0, decide_nanos = 0, num_decisions = 0;
};

// A worker that ends whatever it gets at once. All its calls come from the writer's thread.
class SimulatedWorker {
 public:
  SimulatedWorker(Store& store, int number, const std::atomic<bool>& over,
                  std::atomic<int>& num_working)
      : store_(store), over_(over), num_working_(num_working) {
    RegisterWorker request{.name = absl::StrCat("w", number),
                           .host = "here",
                           .incarnation = absl::StrCat("i", number),
                           .version = "0",
                           .slots = {},
                           .found_runs = {}};
    request.slots.push_back({.device = "cpu", .name = "cpu", .cpu_threads = 1});
    incarnation_ = request.incarnation;
    id_ = Wait<RegisteredWorker>([&](auto done) { store_.Register(request, done); }).worker_id;
    ++num_working_;
  }

  void Acquire() {
    store_.Acquire({id_, incarnation_, {}, absl::Milliseconds(200)},
                   [this](absl::StatusOr<AcquiredWork> work) {
                     if (over_ || !work.ok()) {
                       --num_working_;
                     } else if (work->assignments.empty()) {
                       Acquire();
                     } else {
                       Finish(work->assignments[0].held);
                     }
                   });
  }

 private:
  void Finish(const Held& held) {
    const spec::Event finished{.seq = 1,
                               .time = absl::Now(),
                               .attempt = held.attempt,
                               .kind = spec::FinishedEvent{.status = "completed", .reason = ""}};
    store_.Report({.worker_id = id_, .held = held, .events = {finished}},
                  [](const absl::StatusOr<ReportedEvents>& reply) {
                    if (!reply.ok()) std::abort();
                  });
    store_.Exit({.worker_id = id_, .held = held, .exit = {}},
                [this](const absl::StatusOr<Nothing>& reply) {
                  if (!reply.ok()) std::abort();
                  Acquire();
                });
  }

  Store& store_;
  const std::atomic<bool>& over_;
  std::atomic<int>& num_working_;
  std::string id_, incarnation_;
};

int Main(int64_t num_runs, int64_t num_experiments, int num_workers) {
  const char* named = std::getenv("FP4_BENCH_FOLDER");
  const std::filesystem::path folder =
      std::filesystem::path(named == nullptr ? "/dev/shm" : named) /
      absl::StrCat("fp4-bench-", RandomIds().NewId());
  std::filesystem::create_directories(folder);
  Counting counting;
  auto store = Store::Open({.folder = folder}, SystemClock(), RandomIds(), &counting).value();
  const int64_t each = num_runs / num_experiments;
  for (int64_t i = 0; i < num_experiments; ++i) {
    Wait<CreatedExperiment>([&](auto done) {
      store->CreateExperiment(QueuedRuns(each, absl::StrCat("user", i % 7)), done);
    });
  }
  std::atomic<bool> over = false;
  std::atomic<int> num_working = 0;
  std::vector<std::unique_ptr<SimulatedWorker>> workers;
  for (int i = 0; i < num_workers; ++i) {
    workers.push_back(std::make_unique<SimulatedWorker>(*store, i, over, num_working));
  }
  counting.decide_nanos = counting.num_decisions = 0;
  const absl::Time start = absl::Now();
  const clock_t cpu_start = clock();
  for (auto& worker : workers) worker->Acquire();
  const int64_t wanted = each * num_experiments;
  while (store->CountRuns()[core::RunState::kCompleted] < wanted) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  const double cpu_ms = 1e3 * static_cast<double>(clock() - cpu_start) / CLOCKS_PER_SEC;
  over = true;
  while (num_working > 0) absl::SleepFor(absl::Milliseconds(5));
  std::printf(
      "{\"runs\": %lld, \"experiments\": %lld, \"workers\": %d, \"placements_per_second\": %.0f, "
      "\"cpu_ms_per_run\": %.3f, \"decide_us_mean\": %.1f, \"decisions\": %lld}\n",
      static_cast<long long>(wanted), static_cast<long long>(num_experiments), num_workers,
      static_cast<double>(wanted) / seconds, cpu_ms / static_cast<double>(wanted),
      1e-3 * static_cast<double>(counting.decide_nanos) /
          static_cast<double>(counting.num_decisions),
      static_cast<long long>(counting.num_decisions));
  store.reset();
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace fp4::store

int main(int argc, char** argv) {
  const int64_t num_runs = argc > 1 ? std::atoll(argv[1]) : 10'000;
  const int64_t num_experiments = argc > 2 ? std::atoll(argv[2]) : 10;
  const int num_workers = argc > 3 ? std::atoi(argv[3]) : 200;
  return fp4::store::Main(num_runs, num_experiments, num_workers);
}
