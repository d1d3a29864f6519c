#include "tests/support/cuda_emulation/fiber.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if defined(__x86_64__)
// Saves the registers that a function has to keep on the stack, and goes on with another stack. Not
// swapcontext, which makes a system call, nor longjmp, which AddressSanitizer makes slow.
extern "C" void fp4_switch_stack(void** from, void* const* to);
asm(R"(
.pushsection .text
.type fp4_switch_stack, @function
fp4_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq (%rsi), %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size fp4_switch_stack, . - fp4_switch_stack
.popsection
)");
#endif

namespace fp4::cuda_emulation {
namespace {

Fiber* current = nullptr;

#if defined(__x86_64__)
void Switch(void*& from, void*& to) { fp4_switch_stack(&from, &to); }
#else
void Switch(ucontext_t& from, ucontext_t& to) { swapcontext(&from, &to); }
#endif

#ifdef __SANITIZE_ADDRESS__
void BeginSwitch(void** fake_stack, const void* bottom, size_t size) {
  __sanitizer_start_switch_fiber(fake_stack, bottom, size);
}
void EndSwitch(void* fake_stack, const void** old_bottom, size_t* old_size) {
  __sanitizer_finish_switch_fiber(fake_stack, old_bottom, old_size);
}
// What an abandoned fiber has left on its stack.
void Forget(char* stack, size_t size) { __asan_unpoison_memory_region(stack, size); }
#else
void Forget(char*, size_t) {}
void BeginSwitch(void**, const void*, size_t) {}
void EndSwitch(void*, const void**, size_t*) {}
#endif

}  // namespace

Fiber::Fiber() {
  // The page below the stack cannot be accessed.
  const size_t page = 4096;
  void* memory = mmap(nullptr, kStackBytes + page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0) std::abort();
  stack_ = static_cast<char*>(memory) + page;
}

Fiber::~Fiber() { munmap(stack_ - 4096, kStackBytes + 4096); }

void Fiber::Start() {
  started_ = true;
  Forget(stack_, kStackBytes);
#if defined(__x86_64__)
  // Six registers, the address that the switch returns to, and where Enter would return to.
  auto* top = reinterpret_cast<void**>(stack_ + kStackBytes);
  std::fill(top - 8, top, nullptr);
  top[-2] = reinterpret_cast<void*>(&Enter);
  here_ = top - 8;
#else
  getcontext(&here_);
  here_.uc_stack.ss_sp = stack_;
  here_.uc_stack.ss_size = kStackBytes;
  here_.uc_link = nullptr;
  makecontext(&here_, Enter, 0);
#endif
}

void Fiber::Resume(void (*main)()) {
  current = this;
  main_ = main;
  if (!started_) Start();
  void* fake_stack = nullptr;
  BeginSwitch(&fake_stack, stack_, kStackBytes);
  Switch(resumer_, here_);
  EndSwitch(fake_stack, nullptr, nullptr);
}

void Fiber::Enter() {
  EndSwitch(nullptr, &current->resumer_stack_, &current->resumer_stack_bytes_);
  current->main_();
  std::abort();
}

void Fiber::Yield() {
  BeginSwitch(&current->fake_stack_, current->resumer_stack_, current->resumer_stack_bytes_);
  Switch(current->here_, current->resumer_);
  EndSwitch(current->fake_stack_, &current->resumer_stack_, &current->resumer_stack_bytes_);
}

}  // namespace fp4::cuda_emulation
