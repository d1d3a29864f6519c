#include "base/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace fp4 {
namespace {

constexpr size_t kMaxOutput = size_t{1} << 20;
// Between two looks at a program that has closed its outputs and has not ended.
constexpr absl::Duration kPause = absl::Milliseconds(5);

struct Pipe {
  UniqueFd read, write;
};

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "make a pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Blocks SIGPIPE for this thread while it lives, and takes one that came meanwhile away.
class NoBrokenPipes {
 public:
  NoBrokenPipes() {
    sigemptyset(&broken_);
    sigaddset(&broken_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_, &before_);
  }
  ~NoBrokenPipes() {
    const timespec none{};
    while (sigtimedwait(&broken_, nullptr, &none) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoBrokenPipes(const NoBrokenPipes&) = delete;
  NoBrokenPipes& operator=(const NoBrokenPipes&) = delete;

 private:
  sigset_t broken_{}, before_{};
};

// What the program is started with: its descriptors, no signal blocked, a process group of its own.
class Setup {
 public:
  Setup(int in, int out, int err) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  ~Setup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  absl::StatusOr<pid_t> Start(const std::vector<std::string>& argv) {
    std::vector<char*> pointers;
    for (const std::string& word : argv) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    pid_t pid = 0;
    const int error =
        posix_spawnp(&pid, pointers[0], &actions_, &attributes_, pointers.data(), environ);
    if (error == ENOENT) return absl::NotFoundError(absl::StrCat("there is no program ", argv[0]));
    if (error != 0) return ErrnoStatus(error, absl::StrCat("start ", argv[0]));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// False: the other end is closed.
bool Take(int fd, std::string& text) {
  char bytes[4096];
  const ssize_t size = read(fd, bytes, sizeof bytes);
  if (size < 0) return errno == EINTR || errno == EAGAIN;
  const size_t room = kMaxOutput - std::min(kMaxOutput, text.size());
  text.append(bytes, std::min(room, static_cast<size_t>(size)));
  return size > 0;
}

// True: more is to be written.
bool Give(int fd, std::string_view& rest) {
  const ssize_t size = write(fd, rest.data(), rest.size());
  if (size < 0) return errno == EINTR || errno == EAGAIN;
  rest.remove_prefix(static_cast<size_t>(size));
  return !rest.empty();
}

// Feeds and reads until both outputs are closed; false: not by `deadline`.
bool Talk(UniqueFd in, UniqueFd out, UniqueFd err, std::string_view input, absl::Time deadline,
          CommandResult& result) {
  for (const UniqueFd* fd : {&in, &out, &err}) fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  if (input.empty()) in = UniqueFd();
  while (out.valid() || err.valid()) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    pollfd waits[3] = {{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}, {in.get(), POLLOUT, 0}};
    poll(waits, 3, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (waits[0].revents != 0 && !Take(out.get(), result.out)) out = UniqueFd();
    if (waits[1].revents != 0 && !Take(err.get(), result.err)) err = UniqueFd();
    if (waits[2].revents != 0 && !Give(in.get(), input)) in = UniqueFd();
  }
  return true;
}

// The status of waitpid, or nothing by `deadline`.
std::optional<int> WaitUntil(pid_t pid, absl::Time deadline) {
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (absl::Now() >= deadline) return std::nullopt;
    poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(kPause)));
  }
  return status;
}

}  // namespace

absl::StatusOr<CommandResult> RunCommand(const std::vector<std::string>& argv,
                                         const std::string& input, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  FP4_ASSIGN_OR_RETURN(Pipe in, MakePipe());
  FP4_ASSIGN_OR_RETURN(Pipe out, MakePipe());
  FP4_ASSIGN_OR_RETURN(Pipe err, MakePipe());
  const NoBrokenPipes guard;
  FP4_ASSIGN_OR_RETURN(const pid_t pid,
                       Setup(in.read.get(), out.write.get(), err.write.get()).Start(argv));
  in.read = UniqueFd();
  out.write = UniqueFd();
  err.write = UniqueFd();
  CommandResult result;
  const bool told =
      Talk(std::move(in.write), std::move(out.read), std::move(err.read), input, deadline, result);
  const std::optional<int> status = told ? WaitUntil(pid, deadline) : std::nullopt;
  if (!status) {
    kill(-pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return absl::DeadlineExceededError(
        absl::StrCat(argv[0], " did not end within ", absl::FormatDuration(timeout)));
  }
  result.exit_status = WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status);
  return result;
}

absl::StatusOr<std::vector<std::string>> SplitWords(const std::string& line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0 && std::isspace(static_cast<unsigned char>(c)) != 0) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      words.back() += line[++i];
    } else {
      words.back() += c;
    }
  }
  if (quote == 0) return words;
  return absl::InvalidArgumentError(
      absl::StrCat("'", line, "': a quote ", std::string(1, quote), " does not end"));
}

}  // namespace fp4
