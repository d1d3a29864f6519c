// fp4-worker: takes runs from the controller and trains them in processes of their own.
#include <atomic>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/confinement.h"
#include "base/ids.h"
#include "base/listen.h"
#include "base/log.h"
#include "base/log_file.h"
#include "base/mutex.h"
#include "base/sha256.h"
#include "base/standard_output.h"
#include "base/status_macros.h"
#include "base/stop_signal.h"
#include "base/version.h"
#include "telemetry/disk_metrics.h"
#include "telemetry/http_endpoint.h"
#include "wire/library_log.h"
#include "worker/checkpoints/transfers.h"
#include "worker/host/gpu_metrics.h"
#include "worker/host/host_check.h"
#include "worker/host/posix_processes.h"
#include "worker/host/probe.h"
#include "worker/host/slots.h"
#include "worker/host/trainer_user.h"
#include "worker/host/visible_gpus.h"
#include "worker/host/worker_id.h"
#include "worker/options.h"
#include "worker/rpc/grpc_checkpoint_client.h"
#include "worker/rpc/grpc_controller_client.h"
#include "worker/run/unnoted_trainers.h"
#include "worker/worker.h"

namespace fp4::worker {
namespace {

constexpr int kExitFailure = 1, kExitUsage = 2;
constexpr absl::Duration kStuckAfter = absl::Seconds(30);  // /healthz: the loop has not come round

struct Gpus {
  std::unique_ptr<GpuLibrary> library;  // null: no driver
  std::vector<size_t> indices;          // those that this worker may use
};

Gpus FindGpus(const std::string& library_name) {
  absl::StatusOr<std::unique_ptr<GpuLibrary>> library = LoadGpuLibrary(library_name);
  if (!library.ok()) {
    const Severity severity =
        absl::IsNotFound(library.status()) ? Severity::kInfo : Severity::kWarning;
    Log(severity, "no GPU used", {{"why", std::string(library.status().message())}});
    return {};
  }
  Gpus gpus;
  gpus.library = *std::move(library);
  gpus.indices = VisibleGpus(gpus.library->gpus(), std::getenv("CUDA_VISIBLE_DEVICES"));
  return gpus;
}

absl::StatusOr<std::vector<Slot>> FindSlots(const Options& options, const Gpus& gpus,
                                            const HostInfo& host, Processes& processes,
                                            StopSignal& stop) {
  std::vector<GpuInfo> usable;
  usable.reserve(gpus.indices.size());
  for (size_t index : gpus.indices) usable.push_back(gpus.library->gpus()[index]);
  std::string cpu_compute_dtype;
  if (usable.empty() || options.num_cpu_slots > 0) {
    const ProbeOptions probe = {.trainer = options.trainer,
                                .work_dir = options.work_dir,
                                .processor = host.processor,
                                .pause = [&](absl::Duration time) { return stop.Wait(time) != 0; }};
    FP4_ASSIGN_OR_RETURN(ProbeResult result, Probe(probe, processes));
    cpu_compute_dtype = result.cpu_compute_dtype;
  }
  return MakeSlots(host, usable, options.num_cpu_slots, cpu_compute_dtype);
}

absl::StatusOr<Introduction> Introduce(const Options& options, const HostInfo& host,
                                       std::vector<Slot> slots) {
  FP4_ASSIGN_OR_RETURN(std::string id, WorkerIdOf(options.work_dir));
  const std::string folder_hash = Sha256Hex(options.work_dir.string()).substr(0, 8);
  return Introduction{.directory_id = std::move(id),
                      .place = PlaceOf(options.work_dir),
                      .name = absl::StrCat(host.host_name, ":", folder_hash),
                      .host = host.host_name,
                      .incarnation = RandomIds().NewId(),
                      .version = std::string(Version()),
                      .slots = std::move(slots)};
}

absl::Status WriteEndpoints(const Options& options, const HostPort& http) {
  nlohmann::ordered_json endpoints = {{"pid", getpid()}, {"http", http.ToString()}};
  return WriteFileDurably(options.work_dir / "endpoints.json", endpoints.dump() + "\n");
}

absl::Status MakeWorkDir(const Options& options) {
  std::error_code error;
  std::filesystem::create_directories(options.work_dir / "runs", error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("make ", options.work_dir.string()));
  if (!options.trainer_user) return absl::OkStatus();
  return LetPass(options.work_dir, *options.trainer_user);
}

// Leaves out the runs' own settings that have no flag.
WorkerSettings SettingsOf(const Options& options) {
  WorkerSettings settings;
  settings.run.trainer = options.trainer;
  settings.run.work_dir = options.work_dir;
  settings.run.trainer_user = options.trainer_user;
  settings.run.allowed = AllowedRoots(options.allowed_paths);
  settings.run.grace = options.grace;
  settings.run.min_free_bytes = options.min_free_bytes;
  settings.keep_finished = options.keep_finished;
  settings.exit_idle = options.exit_idle;
  return settings;
}

// What /healthz says, on another thread. Thread-safe.
class Heartbeat {
 public:
  // `problem`: why no work is taken; empty: it is.
  void Beat(const std::string& problem) {
    last_ = absl::ToInt64Milliseconds(SystemClock().SinceBoot());
    MutexLock lock(mutex_);
    if (problem_ != problem) problem_ = problem;
  }
  telemetry::HealthReport Check() const {
    const absl::Duration since = SystemClock().SinceBoot() - absl::Milliseconds(last_.load());
    if (since >= kStuckAfter) {
      return {.healthy = false,
              .message = absl::StrCat("no sign of life for ", absl::FormatDuration(since))};
    }
    MutexLock lock(mutex_);
    return {.healthy = problem_.empty(), .message = problem_};
  }

 private:
  std::atomic<int64_t> last_ = 0;
  mutable Mutex mutex_;
  std::string problem_ ABSL_GUARDED_BY(mutex_);
};

std::string WhyNoWork(const Worker& worker) {
  if (worker.refusal().empty()) return worker.problem();
  return absl::StrCat("refused by the controller: ", worker.refusal());
}

absl::Status Serve(const Options& options, StopSignal& stop) {
  FP4_RETURN_IF_ERROR(MakeWorkDir(options));
  FP4_ASSIGN_OR_RETURN(UniqueFd lock, LockFolder(options.work_dir));
  EndUnnotedTrainers(options.work_dir);
  PosixProcesses processes(options.trainer_user);
  const HostInfo host = ReadHostInfo();
  const Gpus gpus = FindGpus(options.gpu_library);
  FP4_ASSIGN_OR_RETURN(std::vector<Slot> slots, FindSlots(options, gpus, host, processes, stop));
  FP4_ASSIGN_OR_RETURN(Introduction introduction, Introduce(options, host, std::move(slots)));

  telemetry::MetricRegistry registry;
  WorkerMetrics metrics(registry);
  telemetry::ExportDiskSpace("fp4_worker", options.work_dir, registry);
  if (gpus.library != nullptr) ExportGpuMetrics(*gpus.library, gpus.indices, registry);
  Mailbox mailbox;
  FP4_ASSIGN_OR_RETURN(const wire::ChannelSecurity security,
                       wire::ReadChannelSecurity(options.security));
  FP4_RETURN_IF_ERROR(wire::CheckTokenIsSafe(options.controller.ToString(), security));
  std::unique_ptr<ControllerClient> client =
      MakeGrpcControllerClient(options.controller.ToString(), security, mailbox);
  HostCheck check({.work_dir = options.work_dir,
                   .trainer = options.trainer,
                   .version = std::string(Version()),
                   .min_free_bytes = options.min_free_bytes},
                  processes, SystemClock());
  std::unique_ptr<CheckpointClient> checkpoints =
      MakeGrpcCheckpointClient(options.controller.ToString(), security);
  std::unique_ptr<CheckpointCarrier> carrier =
      MakeTransfers({.work_dir = options.work_dir,
                     .trainer_user = options.trainer_user,
                     .bytes_per_second = options.upload_bytes_per_second},
                    *checkpoints, SystemClock(), registry);
  Worker worker(SettingsOf(options), std::move(introduction), *client, processes, check, *carrier,
                SystemClock(), metrics);
  Heartbeat heartbeat;
  heartbeat.Beat("");
  FP4_ASSIGN_OR_RETURN(auto http, telemetry::HttpEndpoint::Listen(
                                      options.http, registry, [&] { return heartbeat.Check(); }));
  FP4_RETURN_IF_ERROR(WriteEndpoints(options, http->address()));
  LogInfo("serving",
          {{"http", http->address().ToString()}, {"controller", options.controller.ToString()}});
  while (!worker.Done()) {
    if (stop.Wait(absl::ZeroDuration()) != 0) worker.Shutdown();
    mailbox.RunAll(worker.Step());
    heartbeat.Beat(WhyNoWork(worker));
  }
  LogInfo("stopped", {{"undelivered_runs", worker.num_runs()}});
  return worker.fatal();
}

int Main(int argc, char** argv) {
  CloseMemory();
  CloseFiles();
  StopSignal stop;
  wire::RouteLibraryLogs();
  RaiseDescriptorLimit();
  absl::StatusOr<std::optional<Options>> options = ParseOptions(argc, argv);
  if (!options.ok()) {
    std::cerr << "fp4-worker: " << options.status().message() << "\nTry fp4-worker --help.\n";
    return kExitUsage;
  }
  if (!options->has_value()) return 0;
  if (absl::Status log = LogToFile((*options)->log_file); !log.ok()) {
    std::cerr << "fp4-worker: --log-file: " << log.message() << "\n";
    return kExitFailure;
  }
  absl::Status status = Serve(**options, stop);
  if (status.ok() || absl::IsCancelled(status)) return 0;
  LogError("fp4-worker gives up", {{"error", std::string(status.message())}});
  std::cerr << "fp4-worker: " << status.message() << "\n";
  return kExitFailure;
}

}  // namespace
}  // namespace fp4::worker

int main(int argc, char** argv) {
  if (const auto status = fp4::worker::RunAsIfAsked(argc, argv)) return *status;
  fp4::StandardOutput output("fp4-worker");
  return output.Finish(fp4::worker::Main(argc, argv));
}
