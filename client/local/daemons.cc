#include "client/local/daemons.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/local/process.h"

namespace fp4::client {
namespace {

constexpr size_t kLogTail = 2000;
// How long a dead daemon may take to let go of its port and its folder.
constexpr absl::Duration kPortPatience = absl::Seconds(3);

// Whether a server could listen there now.
bool PortIsFree(int port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// A restarted controller comes back where its worker and its watchers look for it. A killed one
// holds its port until its last thread has ended, some milliseconds after it looks dead.
std::string ListenAddress(int64_t asked, const std::string& last_time) {
  int port = static_cast<int>(asked);
  if (port == 0) {
    const size_t colon = last_time.rfind(':');
    const bool known = colon != std::string::npos &&
                       absl::SimpleAtoi(last_time.substr(colon + 1), &port) && port > 0 &&
                       WaitUntil([&] { return PortIsFree(port); }, kPortPatience);
    if (!known) port = 0;
  }
  return absl::StrCat("127.0.0.1:", port);
}

// A killed daemon keeps the lock of its folder as long as its port.
void WaitForLock(const std::filesystem::path& folder) {
  WaitUntil([&] { return LockFolder(folder).ok(); }, kPortPatience);
}

}  // namespace

std::optional<Endpoints> LocalDaemons::Controller() const {
  return FindDaemon(FolderOf(kControllerFolder));
}
std::optional<Endpoints> LocalDaemons::Worker() const {
  return FindDaemon(FolderOf(kWorkerFolder));
}

std::filesystem::path LocalDaemons::LogOf(const std::string& name) const {
  return state_folder_ / (name + ".log");
}

absl::Status LocalDaemons::StartError(const std::string& name, const std::string& what) const {
  std::string message =
      absl::StrCat("the ", name, " ", what, "; its log is ", LogOf(name).string());
  auto tail = ReadFileTail(LogOf(name), kLogTail);
  if (tail.ok() && !tail->empty()) absl::StrAppend(&message, " and ends with:\n", *tail);
  return absl::UnknownError(message);
}

absl::StatusOr<pid_t> LocalDaemons::Start(const std::string& name,
                                          std::vector<std::string> arguments,
                                          absl::Duration patience) {
  const std::filesystem::path folder = FolderOf(name);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("make ", folder.string()));
  WaitForLock(folder);
  arguments.front() = (binary_folder_ / arguments.front()).string();
  FP4_ASSIGN_OR_RETURN(const pid_t pid, StartDaemon(arguments, LogOf(name)));
  std::string end;
  const bool settled = WaitUntil(
      [&] {
        end = ChildEnd(pid);
        auto endpoints = ReadEndpoints(folder);
        return !end.empty() || (endpoints.has_value() && endpoints->pid == pid);
      },
      patience);
  if (!end.empty()) return StartError(name, end);
  if (settled) return pid;
  kill(pid, SIGTERM);
  return StartError(name, absl::StrCat("was not ready after ", absl::FormatDuration(patience)));
}

absl::StatusOr<DaemonReport> LocalDaemons::StartController(const UpOptions& options) {
  if (auto running = Controller()) return DaemonReport{kControllerFolder, running->pid, false};
  const Endpoints before = ReadEndpoints(FolderOf(kControllerFolder)).value_or(Endpoints());
  FP4_ASSIGN_OR_RETURN(
      const pid_t pid,
      Start(kControllerFolder,
            {"fp4-controller", "--data-dir", FolderOf(kControllerFolder).string(), "--listen",
             ListenAddress(options.port, before.grpc), "--http",
             ListenAddress(options.http_port, before.http), "--lease-ttl", options.lease_ttl},
            options.patience));
  Connection connection(ReadEndpoints(FolderOf(kControllerFolder))->grpc);
  FP4_RETURN_IF_ERROR(connection.CheckServing(options.patience, /*wait=*/true));
  return DaemonReport{kControllerFolder, pid, true};
}

absl::StatusOr<DaemonReport> LocalDaemons::StartWorker(const UpOptions& options) {
  if (auto running = Worker()) return DaemonReport{kWorkerFolder, running->pid, false};
  const Endpoints before = ReadEndpoints(FolderOf(kWorkerFolder)).value_or(Endpoints());
  std::vector<std::string> arguments = {"fp4-worker",
                                        "--controller",
                                        Controller().value_or(Endpoints()).grpc,
                                        "--work-dir",
                                        FolderOf(kWorkerFolder).string(),
                                        "--http",
                                        ListenAddress(options.worker_http_port, before.http)};
  if (options.slots > 0) {
    arguments.insert(arguments.end(), {"--slots", absl::StrCat(options.slots)});
  }
  FP4_ASSIGN_OR_RETURN(const pid_t pid, Start(kWorkerFolder, arguments, options.patience));
  return DaemonReport{kWorkerFolder, pid, true};
}

absl::Status LocalDaemons::WaitForWorker(absl::Duration patience) const {
  Connection connection(Controller().value_or(Endpoints()).grpc);
  absl::Status status;
  const bool connected = WaitUntil(
      [&] {
        auto workers = connection.ListWorkers();
        status = workers.status();
        if (!workers.ok()) return true;
        for (const v1::Worker& worker : workers->workers()) {
          if (worker.connected()) return true;
        }
        return !Worker().has_value();
      },
      patience);
  FP4_RETURN_IF_ERROR(status);
  if (!Worker().has_value()) return StartError(kWorkerFolder, "ended");
  return connected ? absl::OkStatus()
                   : StartError(kWorkerFolder, "has not registered with the controller");
}

absl::StatusOr<std::vector<DaemonReport>> LocalDaemons::Up(const UpOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(state_folder_, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("make ", state_folder_.string()));
  FP4_ASSIGN_OR_RETURN(UniqueFd lock, LockFolder(state_folder_));
  const Endpoints before = ReadEndpoints(FolderOf(kControllerFolder)).value_or(Endpoints());
  FP4_ASSIGN_OR_RETURN(DaemonReport controller, StartController(options));
  // A worker that knows another address would never find this controller.
  if (controller.changed && Worker().has_value() && Controller()->grpc != before.grpc) {
    FP4_RETURN_IF_ERROR(Stop(kWorkerFolder, options.patience).status());
  }
  auto worker = StartWorker(options);
  absl::Status status = worker.status();
  if (status.ok()) status = WaitForWorker(options.patience);
  if (!status.ok()) {
    if (worker.ok() && worker->changed) (void)Stop(kWorkerFolder, options.patience);
    if (controller.changed) (void)Stop(kControllerFolder, options.patience);
    return status;
  }
  return std::vector<DaemonReport>{controller, *worker};
}

absl::StatusOr<DaemonReport> LocalDaemons::Stop(const std::string& name, absl::Duration patience) {
  auto endpoints = FindDaemon(FolderOf(name));
  if (!endpoints.has_value()) return DaemonReport{name, 0, false};
  if (kill(endpoints->pid, SIGTERM) != 0) {
    return ErrnoStatus(errno, absl::StrCat("stop the ", name, ", process ", endpoints->pid));
  }
  auto gone = [&] {
    (void)ChildEnd(
        endpoints->pid);  // when it is our own child: what is not waited for stays as a zombie
    return !IsDaemonOf(endpoints->pid, FolderOf(name));
  };
  if (WaitUntil(gone, patience)) return DaemonReport{name, endpoints->pid, true};
  return absl::UnknownError(absl::StrCat("the ", name, ", process ", endpoints->pid,
                                         ", has not ended within ", absl::FormatDuration(patience),
                                         "; its log is ", LogOf(name).string()));
}

absl::StatusOr<std::vector<DaemonReport>> LocalDaemons::Down(absl::Duration patience) {
  std::error_code error;
  if (!std::filesystem::exists(state_folder_, error)) {
    return std::vector<DaemonReport>{{kWorkerFolder, 0, false}, {kControllerFolder, 0, false}};
  }
  FP4_ASSIGN_OR_RETURN(UniqueFd lock, LockFolder(state_folder_));
  FP4_ASSIGN_OR_RETURN(DaemonReport worker, Stop(kWorkerFolder, patience));
  FP4_ASSIGN_OR_RETURN(DaemonReport controller, Stop(kControllerFolder, patience));
  return std::vector<DaemonReport>{worker, controller};
}

}  // namespace fp4::client
