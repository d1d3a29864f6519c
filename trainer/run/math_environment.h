#pragma once

#include <cstdint>

namespace fp4::trainer {

// A program whose bits shall be equal for equal inputs and thread counts needs some environment
// variables before its libraries are loaded (trainer/run/math_variables.h): fp4-train sets them
// before it becomes the program that links LibTorch, a test links trainer/run/math_preinit.cc.

// Makes the C library keep freed pages: activations come and go each step. Blocks of a megabyte and
// more it maps by themselves; those of tensors are kept by trainer/backend/cpu_tensors.h.
void KeepFreedMemory();

// Cores that this process may use, at least 1.
int64_t AvailableCores();

}  // namespace fp4::trainer
