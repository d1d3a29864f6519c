// A store in a folder of its own, under a clock that stands still, and calls that wait for their
// answers.
#pragma once

#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "gtest/gtest.h"
#include "server/store/store.h"
#include "spec/document.h"
#include "tests/support/fake_clock.h"

namespace fp4::store::testing {

// "r0000001", "r0000002", …
class CountingIds : public IdSource {
 public:
  std::string NewId() override;

 private:
  int next_ = 0;
};

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline constexpr char kDemoDocument[] = R"({"schema_version": 1, "name": "demo",
  "model": {"preset": "micro"}, "data": {"source": "synthetic"},
  "training": {"steps": 40, "eval_interval": 20}, "resources": {"gpus": 0},
  "retry": {"max_restarts": 2}, "seeds": [1],
  "variants": {"baseline": {}, "fp4": {"precision": {"default": "fp4"}}}})";

NewExperiment MakeExperiment(const std::string& document = kDemoDocument,
                             const std::string& request_id = "");

core::Slot CpuSlot(int32_t index);

spec::Event MetricsAt(int64_t seq, int64_t step, double loss, int32_t attempt = 1);
spec::Event CheckpointAt(int64_t seq, int64_t step, int32_t attempt = 1);
spec::Event FinishedAt(int64_t seq, const std::string& status, int32_t attempt = 1);

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { Open(); }

  void Open();
  void Close() { store_.reset(); }
  void Reopen() {
    Close();
    Open();
  }

  // Calls `call` with a callback and waits for it.
  template <typename Reply, typename Call>
  absl::StatusOr<Reply> Wait(const Call& call) {
    std::promise<absl::StatusOr<Reply>> promise;
    call([&promise](absl::StatusOr<Reply> reply) { promise.set_value(std::move(reply)); });
    return promise.get_future().get();
  }
  template <typename Query>
  auto Read(const Query& query) {
    std::promise<decltype(query(std::declval<Reader&>()))> promise;
    store_->Read([&](Reader& reader) { promise.set_value(query(reader)); });
    return promise.get_future().get();
  }

  absl::StatusOr<CreatedExperiment> Create(const NewExperiment& request);
  // The ids of a new experiment's runs, in the document's order.
  std::vector<std::string> CreateRuns(const std::string& document = kDemoDocument);

  absl::StatusOr<RegisteredWorker> Register(const std::string& name, int num_slots,
                                            std::vector<core::FoundRun> found = {});
  // Calls of worker `name`, registered before, from now on.
  void Use(const std::string& name);
  // With `wait` zero: what there is now.
  absl::StatusOr<AcquiredWork> Acquire(std::vector<Held> held = {},
                                       absl::Duration wait = absl::ZeroDuration(),
                                       const std::string& unfit = "");
  // What ListWorkers says of the worker of that name.
  WorkerRecord GetWorker(const std::string& name);
  absl::StatusOr<RenewedLeases> Renew(std::vector<Held> held);
  absl::StatusOr<int64_t> Report(const Held& held, std::vector<spec::Event> events);
  absl::Status Exit(const Held& held, const core::Exit& exit);
  absl::Status Complete(const Held& held, int64_t next_seq = 1);
  absl::StatusOr<std::string> Cancel(const std::string& id);
  absl::StatusOr<std::string> Retry(const std::string& id);

  // A worker with one CPU slot has the first run.
  Held StartOneRun();

  RunRecord GetRun(const std::string& id);
  core::RunState StateOf(const std::string& id) { return GetRun(id).state; }
  std::vector<StoredEvent> EventsOf(const std::vector<std::string>& runs, int64_t cursor = 0,
                                    int limit = 1000);

  // Returns when the writer has seen all that was asked before, and the leases.
  void Sync() {
    (void)Wait<std::vector<WorkerRecord>>([&](auto done) { store_->ListWorkers(done); });
  }

  // Lets time pass as it does while the controller is alive: in steps below the gap that would
  // count as an absence.
  void Pass(absl::Duration duration);

  TempFolder folder_;
  fp4::testing::FakeClock clock_;
  CountingIds ids_;
  StoreOptions options_;
  std::unique_ptr<Store> store_;
  std::string worker_id_, incarnation_;  // of the worker in use: the last one registered
  std::map<std::string, std::pair<std::string, std::string>> registered_;  // both, by name
  int num_registrations_ = 0;
};

}  // namespace fp4::store::testing
