#include "client/command_line.h"
#include "client/completion/ids.h"
#include "client/completion/scripts.h"
#include "client/errors.h"
#include "client/render/text.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string shell, ids;
};

constexpr char kHelp[] = R"(
The script completes commands, options, the values that an option takes, files, and the ids of experiments, runs and
workers, for which it asks the controller with --ids: the newest ones, one a line, nothing when none answers at once.

To have it in every new shell:
  bash   fp4ctl completion bash > ~/.local/share/bash-completion/completions/fp4ctl
  zsh    fp4ctl completion zsh > "${fpath[1]}/_fp4ctl"
  fish   fp4ctl completion fish > ~/.config/fish/completions/fp4ctl.fish)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  if (options.shell.empty() == options.ids.empty()) {
    return WithExitCode(absl::InvalidArgumentError("completion takes either a shell or --ids"),
                        ExitCode::kUsage);
  }
  if (!options.ids.empty()) {
    for (const std::string& id : CompletionIds(context, options.ids)) {
      context.out << Printable(id) << "\n";
    }
    return ExitCode::kOk;
  }
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
                       .choices = {"bash", "zsh", "fish"}},
                      {.names = "--ids",
                       .target = &options->ids,
                       .help = "Print ids instead, for a script",
                       .choices = IdKinds()}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
