// The numerical libraries read their environment variables when they are loaded or first called,
// and what is set in main comes too late for some. The loader runs what stands in .preinit_array
// before it initializes any library; if the environment is not right there, the program is executed
// anew with the right one, at the cost of some milliseconds. fp4-train itself is started with the
// right one (trainer/run/launch.cc). Sanitizers are not up at that point: plain C, no
// instrumentation.
#include <limits.h>
#include <unistd.h>

#include "trainer/run/math_variables.h"

namespace {

FP4_EARLY void FixMathEnvironment(int /*argc*/, char** argv, char** environment) {
  static char* fixed[fp4::trainer::kMaxVariables + fp4::trainer::kNumMathVariables + 1];
  if (!fp4::trainer::FixMathVariables(environment, fixed)) return;
  static char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  // If this fails, the run goes on; it is then only as reproducible as the libraries are by
  // themselves.
  if (length > 0) execve(path, argv, fixed);
}

__attribute__((section(".preinit_array"),
               used)) void (*const before_libraries)(int, char**, char**) = FixMathEnvironment;

}  // namespace
