// fp4-controller
#include <iostream>

#include "base/clock.h"
#include "base/confinement.h"
#include "base/ids.h"
#include "base/listen.h"
#include "base/log.h"
#include "base/log_file.h"
#include "base/standard_output.h"
#include "base/stop_signal.h"
#include "server/controller.h"
#include "server/options.h"
#include "wire/library_log.h"

int main(int argc, char** argv) {
  using namespace fp4;
  StandardOutput output("fp4-controller");
  const server::ParsedOptions parsed = server::ParseOptions(argc, argv);
  if (!parsed.options) return output.Finish(parsed.exit_code);
  CloseMemory();
  CloseFiles();
  StopSignal stop;  // before any thread
  wire::RouteLibraryLogs();
  RaiseDescriptorLimit();
  if (absl::Status log = LogToFile(parsed.options->log_file); !log.ok()) {
    std::cerr << "fp4-controller: --log-file: " << log.message() << "\n";
    return server::kExitFailed;
  }
  if (!parsed.options->admin_token.empty()) {
    const absl::Status made = server::MakeAdminToken(*parsed.options, SystemClock(), RandomIds());
    if (made.ok()) return output.Finish(server::kExitOk);
    std::cerr << "fp4-controller: --create-admin-token: " << made.message() << "\n";
    return server::kExitFailed;
  }
  auto controller = server::Controller::Start(*parsed.options, SystemClock(), RandomIds());
  if (!controller.ok()) {
    LogError("controller cannot start", {{"error", std::string(controller.status().message())}});
    return server::kExitFailed;
  }
  LogInfo("controller stops", {{"signal", stop.Wait()}});
  controller->reset();
  return server::kExitOk;
}
