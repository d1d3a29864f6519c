// A store that is fed until somebody kills it. Prints "stored SEQ" after each acknowledgement, and
// at its start "found SEQ", the newest that it can read back. Usage: crash_child FOLDER
#include <unistd.h>

#include <cstdio>
#include <future>

#include "base/clock.h"
#include "server/store/store.h"
#include "spec/document.h"

namespace fp4::store {
namespace {

constexpr char kDocument[] = R"({"schema_version": 1, "name": "demo", "model": {"preset": "micro"},
  "data": {"source": "synthetic"}, "training": {"steps": 40, "eval_interval": 20},
  "resources": {"gpus": 0}, "seeds": [1]})";

template <typename Reply, typename Call>
Reply Wait(const Call& call) {
  std::promise<absl::StatusOr<Reply>> promise;
  call([&promise](absl::StatusOr<Reply> reply) { promise.set_value(std::move(reply)); });
  absl::StatusOr<Reply> reply = promise.get_future().get();
  if (!reply.ok()) {
    std::printf("error %s\n", reply.status().ToString().c_str());
    std::_Exit(1);
  }
  return *std::move(reply);
}

Held HoldTheRun(Store& store, std::string& worker_id) {
  NewExperiment request{.experiment = spec::ReadExperiment(kDocument, {}, {}).experiment,
                        .document = kDocument,
                        .document_name = "",
                        .overrides = {},
                        .created_by = "",
                        .request_id = "the only one"};
  const auto created =
      Wait<CreatedExperiment>([&](auto done) { store.CreateExperiment(request, done); });
  std::promise<std::string> run;
  store.Read(
      [&](Reader& reader) { run.set_value(reader.RunIdsOfExperiment(created.id)->front()); });
  const std::string id = run.get_future().get();
  RegisterWorker worker{.name = "worker",
                        .host = "host",
                        .incarnation = std::to_string(getpid()),
                        .version = "",
                        .slots = {core::Slot{}},
                        .found_runs = {{.run_id = id, .attempt = 1, .alive = true}}};
  worker_id = Wait<RegisteredWorker>([&](auto done) { store.Register(worker, done); }).worker_id;
  Wait<AcquiredWork>([&](auto done) {
    store.Acquire({worker_id, worker.incarnation, {}, absl::ZeroDuration()}, done);
  });
  return {id, 1};
}

int Main(const char* folder) {
  auto store = Store::Open({.folder = folder}, SystemClock(), RandomIds(), nullptr);
  if (!store.ok()) {
    std::printf("error %s\n", store.status().ToString().c_str());
    return 1;
  }
  std::string worker_id;
  const Held held = HoldTheRun(**store, worker_id);
  int64_t seq = Wait<ReportedEvents>([&](auto done) {
                  (*store)->Report({worker_id, held, {}}, done);
                }).next_seq;
  std::printf("found %ld\n", static_cast<long>(seq - 1));
  while (true) {
    const spec::Event event{.seq = seq,
                            .time = SystemClock().Now(),
                            .attempt = 1,
                            .kind = spec::MetricsEvent{seq, {{"train/loss", 1.0 / seq}}}};
    seq = Wait<ReportedEvents>([&](auto done) {
            (*store)->Report({worker_id, held, {event}}, done);
          }).next_seq;
    std::printf("stored %ld\n", static_cast<long>(seq - 1));
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace fp4::store

int main(int argc, char** argv) { return argc == 2 ? fp4::store::Main(argv[1]) : 2; }
