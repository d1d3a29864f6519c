#include "tests/server/store/store_fixture.h"

#include <cstdlib>

#include "absl/strings/str_format.h"

namespace fp4::store::testing {

std::string CountingIds::NewId() { return absl::StrFormat("r%07d", ++next_); }

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "fp4-store-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

TempFolder::~TempFolder() { std::filesystem::remove_all(path_); }

NewExperiment MakeExperiment(const std::string& document, const std::string& request_id) {
  spec::ReadResult result = spec::ReadExperiment(document, {}, {.base_folder = "/"});
  for (const spec::Problem& problem : result.problems) {
    ADD_FAILURE() << problem.ToString("document");
  }
  return {.experiment = std::move(result.experiment),
          .document = document,
          .document_name = "demo.fp4.json",
          .overrides = {},
          .created_by = "tester",
          .request_id = request_id};
}

core::Slot CpuSlot(int32_t index) {
  return {.index = index,
          .kind = core::SlotKind::kCpu,
          .device = "cpu",
          .name = "a processor",
          .memory_bytes = int64_t{8} << 30,
          .cpu_threads = 2,
          .compute_dtype = spec::ComputeDtype::kBf16};
}

namespace {

const absl::Time kEventTime = absl::FromUnixMillis(1767323045678);

}  // namespace

spec::Event MetricsAt(int64_t seq, int64_t step, double loss, int32_t attempt) {
  return {.seq = seq,
          .time = kEventTime,
          .attempt = attempt,
          .kind = spec::MetricsEvent{.step = step, .values = {{"train/loss", loss}}}};
}

spec::Event CheckpointAt(int64_t seq, int64_t step, int32_t attempt) {
  return {.seq = seq,
          .time = kEventTime,
          .attempt = attempt,
          .kind = spec::CheckpointEvent{.path = absl::StrFormat("/runs/step-%d", step),
                                        .step = step,
                                        .bytes = 1000,
                                        .sha256 = std::string(64, 'a')}};
}

spec::Event FinishedAt(int64_t seq, const std::string& status, int32_t attempt) {
  return {.seq = seq,
          .time = kEventTime,
          .attempt = attempt,
          .kind = spec::FinishedEvent{.status = status, .reason = ""}};
}

void StoreTest::Open() {
  options_.folder = folder_.path();
  options_.tick = absl::Hours(1);
  auto store = Store::Open(options_, clock_, ids_, nullptr);
  ASSERT_TRUE(store.ok()) << store.status();
  store_ = *std::move(store);
}

absl::StatusOr<CreatedExperiment> StoreTest::Create(const NewExperiment& request) {
  return Wait<CreatedExperiment>(
      [&](auto done) { store_->CreateExperiment(request, std::move(done)); });
}

std::vector<std::string> StoreTest::CreateRuns(const std::string& document) {
  const auto created = Create(MakeExperiment(document));
  EXPECT_TRUE(created.ok()) << created.status();
  return *Read([&](Reader& reader) { return reader.RunIdsOfExperiment(created->id); });
}

absl::StatusOr<RegisteredWorker> StoreTest::Register(const std::string& name, int num_slots,
                                                     std::vector<core::FoundRun> found) {
  RegisterWorker request{.name = name,
                         .host = "host",
                         .incarnation = absl::StrFormat("%s-%d", name, ++num_registrations_),
                         .version = "0.1.0",
                         .slots = {},
                         .found_runs = std::move(found)};
  for (int i = 0; i < num_slots; ++i) request.slots.push_back(CpuSlot(i));
  auto reply = Wait<RegisteredWorker>([&](auto done) { store_->Register(request, done); });
  if (reply.ok()) worker_id_ = reply->worker_id;
  incarnation_ = request.incarnation;
  registered_[name] = {worker_id_, incarnation_};
  return reply;
}

void StoreTest::Use(const std::string& name) {
  std::tie(worker_id_, incarnation_) = registered_.at(name);
}

absl::StatusOr<AcquiredWork> StoreTest::Acquire(std::vector<Held> held, absl::Duration wait,
                                                const std::string& unfit) {
  return Wait<AcquiredWork>([&](auto done) {
    store_->Acquire({worker_id_, incarnation_, held, wait, unfit}, done);
  });
}

WorkerRecord StoreTest::GetWorker(const std::string& name) {
  const auto workers =
      Wait<std::vector<WorkerRecord>>([&](auto done) { store_->ListWorkers(done); });
  for (const WorkerRecord& worker : *workers) {
    if (worker.name == name) return worker;
  }
  ADD_FAILURE() << "no worker " << name;
  return {};
}

absl::StatusOr<RenewedLeases> StoreTest::Renew(std::vector<Held> held) {
  return Wait<RenewedLeases>([&](auto done) {
    store_->Renew({worker_id_, incarnation_, held}, done);
  });
}

absl::StatusOr<int64_t> StoreTest::Report(const Held& held, std::vector<spec::Event> events) {
  auto reply = Wait<ReportedEvents>([&](auto done) {
    store_->Report({worker_id_, held, std::move(events)}, done);
  });
  if (!reply.ok()) return reply.status();
  return reply->next_seq;
}

absl::Status StoreTest::Exit(const Held& held, const core::Exit& exit) {
  return Wait<Nothing>([&](auto done) { store_->Exit({worker_id_, held, exit}, done); }).status();
}

absl::Status StoreTest::Complete(const Held& held, int64_t next_seq) {
  auto reported = Report(held, {FinishedAt(next_seq, "completed", held.attempt)});
  if (!reported.ok()) return reported.status();
  return Exit(held, {});
}

absl::StatusOr<std::string> StoreTest::Cancel(const std::string& id) {
  return Wait<std::string>([&](auto done) { store_->CancelRun(id, done); });
}

absl::StatusOr<std::string> StoreTest::Retry(const std::string& id) {
  return Wait<std::string>([&](auto done) { store_->RetryRun(id, done); });
}

Held StoreTest::StartOneRun() {
  CreateRuns();
  EXPECT_TRUE(Register("worker", 1).ok());
  const auto work = Acquire();
  EXPECT_TRUE(work.ok() && work->assignments.size() == 1) << work.status();
  return work->assignments.at(0).held;
}

RunRecord StoreTest::GetRun(const std::string& id) {
  const auto details = Read([&](Reader& reader) { return reader.GetRun(id); });
  EXPECT_TRUE(details.ok()) << details.status();
  return details->run;
}

std::vector<StoredEvent> StoreTest::EventsOf(const std::vector<std::string>& runs, int64_t cursor,
                                             int limit) {
  const auto page = Read([&](Reader& reader) { return reader.EventsAfter(runs, cursor, limit); });
  EXPECT_TRUE(page.ok()) << page.status();
  return page->events;
}

void StoreTest::Pass(absl::Duration duration) {
  const absl::Duration step = absl::Seconds(4);
  Sync();
  while (duration > absl::ZeroDuration()) {
    clock_.Advance(std::min(step, duration));
    duration -= step;
    Sync();
  }
}

}  // namespace fp4::store::testing
