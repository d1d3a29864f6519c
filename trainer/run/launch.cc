// fp4-train as it is called: blocks the signals that ask for a stop, sets the environment that the
// numerical libraries need, and becomes fp4-train-torch, which lies beside it. Loading LibTorch
// takes some hundred milliseconds, in which a signal would otherwise just kill the program, and the
// libraries read their environment while they are loaded.
#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/trainer_exit.h"
#include "trainer/run/math_variables.h"
#include "trainer/run/stop_request.h"

extern char** environ;

int main(int /*argc*/, char** argv) {
  using namespace fp4::trainer;
  BlockStopSignals();
  static char* fixed[kMaxVariables + kNumMathVariables + 1];
  char** environment = FixMathVariables(environ, fixed) ? fixed : environ;
  char self[PATH_MAX] = "";
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  std::string program(self, length < 0 ? 0 : static_cast<size_t>(length));
  program = program.substr(0, program.rfind('/') + 1) + "fp4-train-torch";
  execve(program.c_str(), argv, environment);
  std::fprintf(stderr, "fp4-train: machine_fault: run %s: %s\n", program.c_str(),
               std::strerror(errno));
  return fp4::kExitFailed;
}
