// The numerical libraries read their environment variables when they are loaded or first called,
// and what is set in main comes too late for some. The loader runs what stands in .preinit_array
// before it initializes any library; if the environment is not right there, the program is executed
// anew with the right one, at the cost of some milliseconds. Sanitizers are not up at that point:
// plain C, no instrumentation.
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FP4_EARLY __attribute__((no_sanitize("address", "undefined", "thread")))

namespace {

constexpr int kNumVariables = 4;
constexpr int kMaxVariables = 4096;

struct Wanted {
  const char* assignment;
  bool replaces;  // another value of the user's
};

FP4_EARLY const char* MklBranch() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0) {
    return "MKL_CBWR=AVX512,STRICT";
  }
  if (__builtin_cpu_supports("avx2") != 0) return "MKL_CBWR=AVX2,STRICT";
  return "MKL_CBWR=COMPATIBLE";
}

FP4_EARLY bool SameName(const char* a, const char* b) {
  size_t length = strcspn(a, "=");
  return strncmp(a, b, length + 1) == 0;
}

FP4_EARLY void FixMathEnvironment(int /*argc*/, char** argv, char** environment) {
  const Wanted wanted[kNumVariables] = {{MklBranch(), true},
                                        {"MKL_DYNAMIC=FALSE", true},
                                        {"OMP_DYNAMIC=FALSE", true},
                                        {"GOMP_SPINCOUNT=2000", false}};
  static char* fixed[kMaxVariables + kNumVariables + 1];
  int count = 0;
  for (; environment[count] != nullptr; ++count) {
    if (count == kMaxVariables) return;
    fixed[count] = environment[count];
  }
  bool changed = false;
  for (const Wanted& variable : wanted) {
    int place = 0;
    while (place < count && !SameName(variable.assignment, fixed[place])) ++place;
    bool present = place < count;
    if (present && (!variable.replaces || strcmp(variable.assignment, fixed[place]) == 0)) continue;
    fixed[place] = const_cast<char*>(variable.assignment);
    if (!present) ++count;
    changed = true;
  }
  if (!changed) return;
  fixed[count] = nullptr;
  static char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  // If this fails, the run goes on; it is then only as reproducible as the libraries are by
  // themselves.
  if (length > 0) execve(path, argv, fixed);
}

__attribute__((section(".preinit_array"),
               used)) void (*const before_libraries)(int, char**, char**) = FixMathEnvironment;

}  // namespace
