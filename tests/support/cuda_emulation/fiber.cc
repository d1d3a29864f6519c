#include "tests/support/cuda_emulation/fiber.h"

#include <sys/mman.h>

#include <cstdlib>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace fp4::cuda_emulation {
namespace {

Fiber* current = nullptr;

#ifdef __SANITIZE_ADDRESS__
void BeginSwitch(void** fake_stack, const void* bottom, size_t size) {
  __sanitizer_start_switch_fiber(fake_stack, bottom, size);
}
void EndSwitch(void* fake_stack, const void** old_bottom, size_t* old_size) {
  __sanitizer_finish_switch_fiber(fake_stack, old_bottom, old_size);
}
#else
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

void Fiber::Resume(void (*main)()) {
  current = this;
  main_ = main;
  if (!started_) {
    started_ = true;
    getcontext(&first_);
    first_.uc_stack.ss_sp = stack_;
    first_.uc_stack.ss_size = kStackBytes;
    first_.uc_link = nullptr;
    makecontext(&first_, Enter, 0);
    if (_setjmp(resumer_) == 0) {
      BeginSwitch(nullptr, stack_, kStackBytes);
      setcontext(&first_);
    }
  } else if (_setjmp(resumer_) == 0) {
    BeginSwitch(nullptr, stack_, kStackBytes);
    _longjmp(here_, 1);
  }
  EndSwitch(nullptr, nullptr, nullptr);
}

void Fiber::Enter() {
  EndSwitch(nullptr, &current->resumer_stack_, &current->resumer_stack_bytes_);
  current->main_();
  std::abort();
}

void Fiber::Yield() {
  Fiber* self = current;
  BeginSwitch(&self->fake_stack_, self->resumer_stack_, self->resumer_stack_bytes_);
  if (_setjmp(self->here_) == 0) _longjmp(self->resumer_, 1);
  EndSwitch(current->fake_stack_, &current->resumer_stack_, &current->resumer_stack_bytes_);
}

}  // namespace fp4::cuda_emulation
