#include "client/command_line.h"
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

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  context.out << CompletionScript(options.shell, CommandsOf(AllVerbs(), SharedOptions(context)));
  return ExitCode::kOk;
}

}  // namespace

Verb CompletionVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kOtherGroup,
          .name = "completion",
          .summary = "Print a completion script for a shell",
          .help = kHelp,
          .options = {{.names = "SHELL",
                       .target = &options->shell,
                       .help = "bash, zsh or fish",
                       .required = true,
                       .choices = {"bash", "zsh", "fish"}}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
