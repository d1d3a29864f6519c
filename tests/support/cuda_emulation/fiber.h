// A thread of control with a stack of its own, that runs when it is resumed until it yields.
#pragma once

#include <ucontext.h>

#include <csetjmp>
#include <cstddef>

namespace fp4::cuda_emulation {

class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs main() from its beginning, or from where it yielded last. `main` must not return while
  // the fiber is resumed again.
  void Resume(void (*main)());

  // Forgets where it was: the next Resume begins anew. Destructors on its stack do not run.
  void Reset() { started_ = false; }

  // Called on the fiber: back to who resumed it.
  static void Yield();

 private:
  static constexpr size_t kStackBytes = 128 * 1024;
  static void Enter();

  char* stack_;
  bool started_ = false;
  void (*main_)() = nullptr;
  ucontext_t first_;  // how it starts; from then on contexts are saved in jmp_bufs, because
                      // swapcontext asks the kernel for the signal mask each time
  jmp_buf here_, resumer_;
  // What AddressSanitizer wants to know.
  void* fake_stack_ = nullptr;
  const void* resumer_stack_ = nullptr;
  size_t resumer_stack_bytes_ = 0;
};

}  // namespace fp4::cuda_emulation
