// How what fp4-train does ends, whichever of its ways it was called: errors into words on stderr
// and into an exit status, exceptions of LibTorch and of the device into errors.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "trainer/step_context.h"

namespace fp4::trainer {

// The last words of an error: a reason of the machine comes first, so that programs see it.
std::string LastWords(const absl::Status& error);

// Says the last words on stderr. Whose fault it is decides the exit status, by one table for all
// ways to an error (base/trainer_exit.h): 2 for INVALID_ARGUMENT and NOT_FOUND, 3 for CANCELLED,
// else 1.
int Failed(const absl::Status& error);

// What `work` gives, or INTERNAL with the place where `context` stood when it threw;
// RESOURCE_EXHAUSTED with reason out_of_memory where the device or the host had none left.
absl::Status WithoutExceptions(const StepContext& context,
                               const std::function<absl::Status()>& work);

}  // namespace fp4::trainer
