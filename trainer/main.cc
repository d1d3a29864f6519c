#include <signal.h>
#include <unistd.h>

#include <iostream>

#include "base/clock.h"
#include "base/standard_output.h"
#include "trainer/backend/cuda_library.h"
#include "trainer/backend/probe.h"
#include "trainer/data/abandon.h"
#include "trainer/evaluation.h"
#include "trainer/parallel/follow.h"
#include "trainer/prepare/prepare.h"
#include "trainer/roofline/roofline.h"
#include "trainer/run/lease.h"
#include "trainer/run/math_environment.h"
#include "trainer/run/options.h"
#include "trainer/run/select_run.h"
#include "trainer/run/stop_request.h"
#include "trainer/sensitivity_table.h"
#include "trainer/trainer.h"

namespace fp4::trainer {
namespace {

void LoadCuda() {
  if (absl::Status status = LoadCudaLibrary(); !status.ok()) {
    std::cerr << "fp4-train: no GPU is used: " << status.message() << std::endl;
  }
}

int Probe() {
  UnblockStopSignals();
  LoadCuda();
  std::cout << ProbeJson() << std::endl;
  return kExitCompleted;
}

int PrepareTokens(const PrepareOptions& options) {
  StopRequest stop;
  return Prepare(options, SystemClock(), [&] { return stop.requested(); },
                 {std::cout, std::cerr, isatty(STDERR_FILENO) == 1});
}

// One of several processes that train a run, but the first.
int Follow(const Options& options) {
  LoadCuda();
  if (!options.lease_file.empty()) EndWithLease(options.lease_file, SystemClock());
  SelectedRun selected = SelectRun(options);
  for (const std::string& problem : selected.problems) std::cerr << problem << '\n';
  return selected.problems.empty() ? FollowGroup(options, std::move(selected)) : kExitBadDocument;
}

int TrainOrEvaluate(const Options& options) {
  // Before the libraries start threads.
  StopRequest stop(options.lease_file.empty() ? StopRequest::Second::kEndsAtOnce
                                              : StopRequest::Second::kChangesNothing);
  LoadCuda();
  if (!options.lease_file.empty()) EndWithLease(options.lease_file, SystemClock());
  SelectedRun selected = SelectRun(options);
  for (const std::string& problem : selected.problems) std::cerr << problem << '\n';
  if (!selected.problems.empty()) return kExitBadDocument;
  const StopCheck stop_check = [&] { return stop.requested(); };
  if (options.roofline) return PrintRoofline(options, selected, std::cout);
  if (options.sensitivity) return WriteSensitivityTable(options, selected, stop_check, std::cout);
  if (options.advise) return WriteAdvice(options, selected, stop_check, std::cout);
  if (options.evaluate) return EvaluateCheckpoint(options, selected, stop_check, std::cout);
  const int exit_code = RunAttempt(options, selected, stop_check);
  // How it ended is written down: no signal shall make the exit status say something else.
  BlockStopSignals();
  return exit_code;
}

}  // namespace
}  // namespace fp4::trainer

int main(int argc, char** argv) {
  using namespace fp4::trainer;
  fp4::StandardOutput output("fp4-train");
  // Whoever read what this program says may be gone; the run goes on.
  signal(SIGPIPE, SIG_IGN);
  // A file that reaches the limit of `ulimit -f` is an error of the write, which names it.
  signal(SIGXFSZ, SIG_IGN);
  KeepFreedMemory();
  int exit_code = fp4::kExitCompleted;
  if (argc > 1 && std::string_view(argv[1]) == "prepare") {
    const std::optional<PrepareOptions> options = ParsePrepareCommandLine(argc, argv, exit_code);
    if (options) exit_code = PrepareTokens(*options);
    EndProcess(output.Finish(exit_code));
  }
  std::optional<Options> options = ParseCommandLine(argc, argv, exit_code);
  if (options) {
    exit_code = options->probe      ? Probe()
                : options->rank > 0 ? Follow(*options)
                                    : TrainOrEvaluate(*options);
  }
  EndProcess(output.Finish(exit_code));
}
