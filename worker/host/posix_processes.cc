#include "worker/host/posix_processes.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status_macros.h"

extern char** environ;

namespace fp4::worker {
namespace {

struct ProcessStat {
  char state = 'X';
  uint64_t start_time = 0;
};

// proc(5): "PID (NAME) STATE …"; the name may hold spaces and parentheses, so fields count from the
// last ')'.
std::optional<ProcessStat> ReadStat(pid_t pid) {
  absl::StatusOr<std::string> text = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  if (!text.ok()) return std::nullopt;
  size_t name_end = text->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text->substr(name_end + 1));
  ProcessStat stat;
  fields >> stat.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> stat.start_time;
  if (!fields) return std::nullopt;
  return stat;
}

// The pointers that exec wants, over strings that live in `storage`.
std::vector<char*> Pointers(std::vector<std::string>& storage) {
  std::vector<char*> pointers;
  for (std::string& text : storage) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What the worker's own secrets are named by, and what else a batch system or a person may have
// left in its environment: a document's code of others must not find it.
bool IsSecret(std::string_view name) {
  for (const std::string_view part : {"TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY",
                                      "ACCESS_KEY", "PRIVATE_KEY", "CREDENTIAL"}) {
    if (name.find(part) != std::string_view::npos) return true;
  }
  return name.starts_with("FP4_TLS_") || name == "SSH_AUTH_SOCK";
}

std::vector<std::string> Environment(const SpawnRequest& request) {
  std::map<std::string, std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string text = *entry;
    size_t equals = text.find('=');
    if (equals == std::string::npos || IsSecret(text.substr(0, equals))) continue;
    merged[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : request.environment) merged[name] = value;
  std::vector<std::string> list;
  for (const auto& [name, value] : merged) list.push_back(absl::StrCat(name, "=", value));
  return list;
}

// Made, or appended to. Whoever writes to the folder may have put something else there in its name:
// a link, another one's file, a pipe at which one would wait.
absl::StatusOr<UniqueFd> OpenOutput(const std::filesystem::path& file) {
  constexpr int kAppend = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  UniqueFd fd(open(file.c_str(), kAppend, 0644));
  struct stat info {};
  if (!fd.valid() || fstat(fd.get(), &info) != 0) {
    return ErrnoStatus(errno, absl::StrCat("open ", file.string()));
  }
  if (!S_ISREG(info.st_mode) || info.st_uid != geteuid()) {
    return absl::PermissionDeniedError(absl::StrCat(file.string(), " is no file of this worker's"));
  }
  return fd;
}

class FileActions {
 public:
  FileActions(const SpawnRequest& request, const UniqueFd& out, const UniqueFd& err) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, out.get(), 1);
    posix_spawn_file_actions_adddup2(&actions_, err.get(), 2);
    // dup2 onto itself would leave close-on-exec set; the standard's exception for equal numbers
    // clears it.
    if (request.inherited_fd >= 0) {
      posix_spawn_file_actions_adddup2(&actions_, request.inherited_fd, 3);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions_, request.inherited_fd >= 0 ? 4 : 3);
    if (!request.working_folder.empty()) {
      posix_spawn_file_actions_addchdir_np(&actions_, request.working_folder.c_str());
    }
  }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// A session of its own; no signal blocked or ignored (the worker blocks those that it waits for).
class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

}  // namespace

std::optional<uint64_t> StartTimeOfRunning(pid_t pid) {
  std::optional<ProcessStat> stat = ReadStat(pid);
  if (!stat.has_value() || stat->state == 'Z' || stat->state == 'X') return std::nullopt;
  return stat->start_time;
}

PosixProcesses::PosixProcesses(const std::optional<TrainerUser>& user)
    : run_as_(user ? RunAsPrefix(*user) : std::vector<std::string>{}) {}

PosixProcesses::PosixProcesses(std::vector<std::string> run_as) : run_as_(std::move(run_as)) {}

absl::StatusOr<ProcessIdentity> PosixProcesses::Spawn(const SpawnRequest& request) {
  FP4_ASSIGN_OR_RETURN(const UniqueFd out, OpenOutput(request.stdout_file));
  FP4_ASSIGN_OR_RETURN(const UniqueFd err, OpenOutput(request.stderr_file));
  std::vector<std::string> arguments = run_as_;
  arguments.insert(arguments.end(), request.arguments.begin(), request.arguments.end());
  std::vector<std::string> environment = Environment(request);
  FileActions actions(request, out, err);
  Attributes attributes;
  pid_t pid = 0;
  int error = posix_spawn(&pid, arguments[0].c_str(), actions.get(), attributes.get(),
                          Pointers(arguments).data(), Pointers(environment).data());
  if (error != 0) return ErrnoStatus(error, absl::StrCat("start ", request.arguments[0]));
  children_.insert(pid);
  // A zombie still has its line: nobody but us reaps it.
  std::optional<ProcessStat> stat = ReadStat(pid);
  return ProcessIdentity{
      .pid = pid, .start_time = stat ? stat->start_time : 0, .boot_id = BootId()};
}

std::optional<ProcessEnd> PosixProcesses::Poll(const ProcessIdentity& process) {
  if (process.pid <= 0) return ProcessEnd{};
  if (children_.contains(process.pid)) return PollChild(process);
  if (process.boot_id == BootId() && StartTimeOfRunning(process.pid) == process.start_time) {
    return std::nullopt;
  }
  return ProcessEnd{};
}

std::optional<ProcessEnd> PosixProcesses::PollChild(const ProcessIdentity& process) {
  siginfo_t info{};
  if (waitid(P_PID, process.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) {
    return std::nullopt;
  }
  // Before the zombie is reaped its group's number cannot belong to anybody else.
  kill(-process.pid, SIGKILL);
  waitpid(process.pid, nullptr, 0);
  children_.erase(process.pid);
  if (info.si_code == CLD_EXITED) return ProcessEnd{.exit_code = info.si_status, .signal = {}};
  return ProcessEnd{.exit_code = {}, .signal = info.si_status};
}

void PosixProcesses::Signal(const ProcessIdentity& process, int signal) {
  if (process.pid <= 0) return;
  bool ours = children_.contains(process.pid);
  if (!ours && StartTimeOfRunning(process.pid) != process.start_time) return;
  kill(-process.pid, signal);
}

}  // namespace fp4::worker
