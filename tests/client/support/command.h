#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace fp4::client {

// A folder of its own for a test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The path of a program under test, which ctest gives in an environment variable: "FP4CTL". Ends
// the test program when there is none.
std::string ProgramUnderTest(const char* variable);

// A program started by a test, with its output in files. Killed with the object if it still runs.
class Command {
 public:
  // argv[0] is a path; `variables` ("NAME=value") come on top of this process's environment without
  // FP4_* and NO_COLOR.
  Command(const std::vector<std::string>& argv, const std::vector<std::string>& variables = {},
          const std::string& input = "");
  ~Command();

  // Waits for its end; the exit status, or 128 + the signal.
  int Wait();
  void Signal(int signal);
  // Waits until standard output contains `text`; false when the program ends without.
  bool WaitForOutput(const std::string& text);

  std::string out() const;
  std::string err() const;

 private:
  TemporaryFolder folder_;
  pid_t pid_ = 0;
  int status_ = -1;
};

}  // namespace fp4::client
