// A thread of control with a stack of its own, that runs when it is resumed until it yields.
#pragma once

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace fp4::cuda_emulation {

class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs main(), which never returns, from its beginning, or from where it yielded last.
  void Resume(void (*main)());

  // Forgets where it was: the next Resume begins anew. Destructors on its stack do not run.
  void Reset() { started_ = false; }

  // Called on the fiber: back to who resumed it.
  static void Yield();

 private:
  static constexpr size_t kStackBytes = size_t{128} * 1024;
  static void Enter();
  void Start();

#if defined(__x86_64__)
  using Context = void*;  // a stack pointer; what else has to be kept lies there
#else
  using Context = ucontext_t;
#endif

  char* stack_;
  bool started_ = false;
  void (*main_)() = nullptr;
  Context here_, resumer_;
  // What AddressSanitizer wants to know.
  void* fake_stack_ = nullptr;
  const void* resumer_stack_ = nullptr;
  size_t resumer_stack_bytes_ = 0;
};

}  // namespace fp4::cuda_emulation
