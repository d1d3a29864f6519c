// Denormal numbers on and rounding to nearest while in scope, on this thread, whatever the caller
// has set. LibTorch's users switch denormals off for speed; the bytes of a format must not depend
// on that. Every entry point of the library that computes opens one, on each of its threads. On
// processors other than x86 the mode is taken as it is.
#pragma once

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace fp4::numerics {

// Sets the mode when made and puts the caller's back when destroyed, on the same thread.
class ScopedFloatMode {
 public:
#if defined(__x86_64__)
  ScopedFloatMode() : saved_(_mm_getcsr()) { _mm_setcsr(kDefault); }
  ~ScopedFloatMode() { _mm_setcsr(saved_); }
#else
  ScopedFloatMode() = default;
#endif
  ScopedFloatMode(const ScopedFloatMode&) = delete;
  ScopedFloatMode& operator=(const ScopedFloatMode&) = delete;

#if defined(__x86_64__)
 private:
  // Every exception masked, nearest, neither flush-to-zero nor denormals-are-zero.
  static constexpr unsigned kDefault = 0x1F80;
  unsigned saved_;
#endif
};

}  // namespace fp4::numerics
