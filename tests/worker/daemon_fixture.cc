#include "tests/worker/daemon_fixture.h"

#include <httplib.h>
#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "worker/host/slots.h"

namespace fp4::worker {

DaemonFixture::~DaemonFixture() {
  if (worker_.pid != 0) KillWorker();
  for (const RunDirectory& directory : ListRunDirectories(folder_.path())) {
    absl::StatusOr<TrainerRecord> record = directory.ReadTrainer();
    if (record.ok()) PosixProcesses().Signal(record->process, SIGKILL);
  }
  if (HasFailure()) std::cerr << "the worker's log:\n" << WorkerLog();
}

bool DaemonFixture::WaitFor(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

void DaemonFixture::StartWorker(std::vector<std::string> more_arguments) {
  const std::filesystem::path endpoints = folder_.path() / "endpoints.json";
  std::filesystem::remove(endpoints);
  SpawnRequest request;
  request.arguments = {FP4_WORKER, "--controller", controller_.address(), "--trainer",
                       trainer_,   "--http",       "127.0.0.1:0"};
  if (std::ranges::find(more_arguments, "--work-dir") == more_arguments.end()) {
    more_arguments.insert(more_arguments.end(), {"--work-dir", folder_.path()});
  }
  if (std::ranges::find(more_arguments, "--nvml-library") == more_arguments.end()) {
    more_arguments.insert(more_arguments.end(), {"--nvml-library", "none"});
  }
  request.arguments.insert(request.arguments.end(), more_arguments.begin(), more_arguments.end());
  request.stdout_file = folder_.path() / "worker.stdout";
  request.stderr_file = folder_.path() / "worker.log";
  worker_ = processes_.Spawn(request).value();
  ASSERT_TRUE(WaitFor([&] { return std::filesystem::exists(endpoints); })) << WorkerLog();
}

void DaemonFixture::SignalWorker(int signal) { processes_.Signal(worker_, signal); }

int DaemonFixture::WaitForWorkerExit() {
  std::optional<ProcessEnd> end;
  if (!WaitFor([&] { return (end = processes_.Poll(worker_)).has_value(); })) return -1;
  worker_ = {};
  return end->exit_code.value_or(-1);
}

void DaemonFixture::KillWorker() {
  SignalWorker(SIGKILL);
  WaitForWorkerExit();
}

std::string DaemonFixture::WorkerLog() const {
  return ReadFile(folder_.path() / "worker.log").value_or("");
}

std::string DaemonFixture::Http(const std::string& path) const {
  const auto endpoints = nlohmann::json::parse(ReadFile(folder_.path() / "endpoints.json").value());
  httplib::Client client("http://" + endpoints["http"].get<std::string>());
  httplib::Result answer = client.Get(path.c_str());
  return answer ? answer->body : "no answer";
}

RunDirectory DaemonFixture::Directory(const std::string& run_id) const {
  return RunDirectoryOf(folder_.path(), run_id);
}

std::string DaemonFixture::EventLog(const std::string& run_id) const {
  return ReadFile(Directory(run_id).events()).value_or("");
}

void DaemonFixture::LetGo(const std::string& run_id) const {
  ASSERT_TRUE(ReplaceFile(Directory(run_id).path() / "go", "").ok());
}

ProcessIdentity DaemonFixture::Trainer(const std::string& run_id) const {
  return Directory(run_id).ReadTrainer().value().process;
}

bool DaemonFixture::WaitForTrainerEnd(const ProcessIdentity& trainer) {
  return WaitFor([&] { return StartTimeOfRunning(trainer.pid) != trainer.start_time; });
}

std::string DaemonFixture::Stored(const std::string& run_id) const {
  std::string text;
  for (const v1::Event& event : controller_.run(run_id).events) {
    absl::StrAppend(&text, text.empty() ? "" : " ", event.seq(), "/", event.attempt());
  }
  return text;
}

int DaemonFixture::NumStored(const std::string& run_id, v1::Event::KindCase kind) const {
  int count = 0;
  for (const v1::Event& event : controller_.run(run_id).events) count += event.kind_case() == kind;
  return count;
}

}  // namespace fp4::worker
