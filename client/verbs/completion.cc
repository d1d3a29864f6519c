#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/completion/scripts.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string shell;
};

constexpr char kHelp[] = R"(
The script completes commands, options, files, and the ids of experiments and runs.

To have it in every new shell:
  bash   fp4ctl completion bash > ~/.local/share/bash-completion/completions/fp4ctl
  zsh    fp4ctl completion zsh > "${fpath[1]}/_fp4ctl"
  fish   fp4ctl completion fish > ~/.config/fish/completions/fp4ctl.fish)";

}  // namespace

void AddCompletion(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& command =
      program.Add(kOtherGroup, "completion", "Print a completion script for a shell", kHelp,
                  [options, &program](Context& context) -> absl::StatusOr<ExitCode> {
                    context.out << CompletionScript(options->shell, CommandsOf(program.app()));
                    return ExitCode::kOk;
                  });
  command.add_option("SHELL", options->shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

}  // namespace fp4::client
