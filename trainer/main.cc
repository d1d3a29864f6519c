#include <iostream>

#include "base/clock.h"
#include "base/stop_signal.h"
#include "trainer/backend/cuda_library.h"
#include "trainer/backend/probe.h"
#include "trainer/run/lease.h"
#include "trainer/run/math_environment.h"
#include "trainer/run/options.h"
#include "trainer/run/select_run.h"
#include "trainer/trainer.h"

int main(int argc, char** argv) {
  using namespace fp4;
  using namespace fp4::trainer;
  StopSignal stop;
  KeepFreedMemory();
  int exit_code = kExitCompleted;
  std::optional<Options> options = ParseCommandLine(argc, argv, exit_code);
  if (!options) return exit_code;
  if (absl::Status status = LoadCudaLibrary(); !status.ok()) {
    std::cerr << "fp4-train: no GPU is used: " << status.message() << std::endl;
  }
  if (options->probe) {
    std::cout << ProbeJson() << std::endl;
    return kExitCompleted;
  }
  if (!options->lease_file.empty()) EndWithLease(options->lease_file, SystemClock());
  SelectedRun selected = SelectRun(*options);
  for (const std::string& problem : selected.problems) std::cerr << problem << '\n';
  if (!selected.problems.empty()) return kExitBadDocument;
  bool stopping = false;
  return RunAttempt(*options, selected,
                    [&] { return stopping = stopping || stop.Wait(absl::ZeroDuration()) != 0; });
}
