#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "base/confinement.h"
#include "base/environment.h"
#include "base/own_program.h"
#include "base/standard_output.h"
#include "client/context.h"
#include "client/local/endpoints.h"
#include "client/program.h"
#include "client/verbs/verbs.h"
#include "wire/channel_security.h"

int main(int argc, char** argv) {
  fp4::StandardOutput output("fp4ctl");
  fp4::client::Context context{
      .out = std::cout,
      .err = std::cerr,
      .in = std::cin,
      .terminal = fp4::client::DetectTerminal(STDOUT_FILENO),
      .can_ask = isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0,
      .controller = fp4::EnvironmentVariable("FP4_CONTROLLER"),
      .state_folder = fp4::client::StateFolder(),
      .binary_folder = fp4::OwnProgram().parent_path(),
      .security = fp4::wire::SecurityFilesOfEnvironment(),
  };
  if (!context.security.token.empty()) fp4::CloseMemory();
  const fp4::client::ExitCode code =
      fp4::client::RunProgram(argc, argv, fp4::client::AllVerbs(), context);
  return output.Finish(static_cast<int>(code));
}
