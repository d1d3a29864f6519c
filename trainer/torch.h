// The part of LibTorch that the trainer uses, in one place because it is precompiled: it takes
// seconds to read. Files that need no tensors do not include it, and none that does may include a
// logging library's headers.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
