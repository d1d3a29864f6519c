#pragma once

#include <functional>

#include "trainer/run/options.h"
#include "trainer/run/select_run.h"

namespace fp4::trainer {

// One attempt of one run, from the run directory's lock to the `finished` event; the process's exit
// code. What goes wrong is said on stderr and, once the log belongs to this run, in the log.
int RunAttempt(const Options& options, const SelectedRun& selected,
               const std::function<bool()>& stop_requested);

}  // namespace fp4::trainer
