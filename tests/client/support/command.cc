#include "tests/client/support/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/file.h"

namespace fp4::client {
namespace {

std::vector<std::string> Environment(const std::vector<std::string>& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!text.starts_with("FP4") && !text.starts_with("NO_COLOR")) all.emplace_back(text);
  }
  all.insert(all.end(), variables.begin(), variables.end());
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::string ProgramUnderTest(const char* variable) {
  const char* path = std::getenv(variable);
  if (path != nullptr) return path;
  std::fprintf(stderr, "%s is not set; it names a program that this test starts\n", variable);
  std::abort();
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "fp4ctl-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}
TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Command::Command(const std::vector<std::string>& argv, const std::vector<std::string>& variables,
                 const std::string& input) {
  const std::string in = folder_.path() / "in", out = folder_.path() / "out",
                    err = folder_.path() / "err";
  (void)ReplaceFile(in, input);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, in.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT, 0600);
  std::vector<std::string> arguments = argv, environment = Environment(variables);
  posix_spawn(&pid_, argv[0].c_str(), &actions, nullptr, Pointers(arguments).data(),
              Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
}

Command::~Command() {
  if (status_ >= 0 || pid_ <= 0) return;
  kill(pid_, SIGKILL);
  Wait();
}

int Command::Wait() {
  if (status_ >= 0) return status_;
  int status = 0;
  waitpid(pid_, &status, 0);
  status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return status_;
}

void Command::Signal(int signal) { kill(pid_, signal); }

bool Command::WaitForOutput(const std::string& text) {
  while (out().find(text) == std::string::npos) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
      return out().find(text) != std::string::npos;
    }
    poll(nullptr, 0, 5);
  }
  return true;
}

std::string Command::out() const { return ReadFile(folder_.path() / "out").value_or(""); }
std::string Command::err() const { return ReadFile(folder_.path() / "err").value_or(""); }

}  // namespace fp4::client
