// The environment variables that make a program's bits equal for equal inputs and thread counts:
// MKL_CBWR (one code path, STRICT), MKL_DYNAMIC and OMP_DYNAMIC off; and GOMP_SPINCOUNT, so that
// OpenMP's threads sleep soon when they wait: by default they spin for milliseconds, and two
// trainers that share cores then mostly watch each other spin.
//
// A header, and plain C inside: trainer/run/math_preinit.cc runs it before any library is up.
#pragma once

#include <string.h>

#define FP4_EARLY __attribute__((no_sanitize("address", "undefined", "thread")))

namespace fp4::trainer {

inline constexpr int kNumMathVariables = 4;
inline constexpr int kMaxVariables = 4096;

struct WantedVariable {
  const char* assignment;
  bool replaces;  // another value of the user's
};

FP4_EARLY inline const char* MklBranch() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0) {
    return "MKL_CBWR=AVX512,STRICT";
  }
  if (__builtin_cpu_supports("avx2") != 0) return "MKL_CBWR=AVX2,STRICT";
  return "MKL_CBWR=COMPATIBLE";
}

FP4_EARLY inline bool SameName(const char* a, const char* b) {
  size_t length = strcspn(a, "=");
  return strncmp(a, b, length + 1) == 0;
}

// Fills `fixed` (room for kMaxVariables + kNumMathVariables + 1 pointers) with `environment` as it
// should be, null at the end. False: it is right already, or too large, and `fixed` is not to be
// used.
FP4_EARLY inline bool FixMathVariables(char** environment, char** fixed) {
  const WantedVariable wanted[kNumMathVariables] = {{MklBranch(), true},
                                                    {"MKL_DYNAMIC=FALSE", true},
                                                    {"OMP_DYNAMIC=FALSE", true},
                                                    {"GOMP_SPINCOUNT=2000", false}};
  int count = 0;
  for (; environment[count] != nullptr; ++count) {
    if (count == kMaxVariables) return false;
    fixed[count] = environment[count];
  }
  bool changed = false;
  for (const WantedVariable& variable : wanted) {
    int place = 0;
    while (place < count && !SameName(variable.assignment, fixed[place])) ++place;
    bool present = place < count;
    if (present && (!variable.replaces || strcmp(variable.assignment, fixed[place]) == 0)) continue;
    fixed[place] = const_cast<char*>(variable.assignment);
    if (!present) ++count;
    changed = true;
  }
  fixed[count] = nullptr;
  return changed;
}

}  // namespace fp4::trainer
