#pragma once

#include "absl/status/status.h"

namespace fp4::trainer {

// Loads libfp4_cuda.so from the executable's folder where an NVIDIA driver is: first thing in main,
// before any tensor. Without a driver it does nothing. UNAVAILABLE: there is a driver, but the
// library cannot be loaded; the words say why.
absl::Status LoadCudaLibrary();

// What the library exports under that name; null where it does not, or is not loaded.
void* CudaLibrarySymbol(const char* name);

}  // namespace fp4::trainer
