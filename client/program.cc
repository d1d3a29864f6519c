#include "client/program.h"

#include "client/command_line.h"
#include "client/errors.h"

namespace fp4::client {

ExitCode RunProgram(int argc, const char* const* argv, const std::vector<Verb>& verbs,
                    Context& context) {
  const ParsedLine line = ParseCommandLine(argc, argv, verbs, context);
  if (!line.error.empty()) {
    context.err << line.error;
    return ExitCode::kUsage;
  }
  if (line.verb == nullptr) {
    context.out << line.text;
    context.out.flush();
    return ExitCode::kOk;
  }
  context.json = context.output == "json";
  auto exit_code = line.verb->run(context);
  context.out.flush();
  return exit_code.ok() ? *exit_code : ReportError(exit_code.status(), context.err);
}

}  // namespace fp4::client
