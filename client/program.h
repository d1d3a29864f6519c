#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/context.h"
#include "client/exit_code.h"

namespace CLI {
class App;
}

namespace fp4::client {

// The command line: commands are added by client/verbs, one file each. Not thread-safe.
class Program {
 public:
  using Action = std::function<absl::StatusOr<ExitCode>(Context&)>;

  explicit Program(Context& context);
  ~Program();

  // A new command in a group of the help page; `help` is its long text. The caller adds the
  // command's options.
  CLI::App& Add(const std::string& group, const std::string& name, const std::string& summary,
                const std::string& help, Action action);

  // Parses the arguments and runs the command; errors are on the context's `err` when it returns.
  ExitCode Run(int argc, const char* const* argv);

  const CLI::App& app() const { return *app_; }

 private:
  struct Command {
    CLI::App* app = nullptr;
    Action action;
  };

  void AddSharedOptions(CLI::App& app);

  Context& context_;
  std::string output_ = "text";
  std::unique_ptr<CLI::App> app_;
  std::vector<Command> commands_;
};

}  // namespace fp4::client
