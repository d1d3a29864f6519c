#pragma once

#include "base/stop_check.h"
#include "trainer/run/options.h"
#include "trainer/run/select_run.h"

namespace fp4::trainer {

// One attempt of one run, from the run directory's lock to the `finished` event; the process's exit
// status (base/trainer_exit.h). What goes wrong is said on stderr and, once the log belongs to this
// run, in the log; a fault of the machine begins with disk_full or machine_fault (base/reasons.h).
// Without a lease (options.lease_file) a person is looking: warnings and findings are said on
// stderr too, and progress where that is a terminal.
int RunAttempt(const Options& options, const SelectedRun& selected, const StopCheck& stop);

}  // namespace fp4::trainer
