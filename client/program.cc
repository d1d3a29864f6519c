#include "client/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/version.h"
#include "client/errors.h"

namespace fp4::client {
namespace {

constexpr char kFooter[] = R"(
Where the controller is: --controller, else FP4_CONTROLLER, else the local one that `fp4ctl up` started.
Ids of experiments and runs may be shortened to any prefix that fits one only.

Exit status: 0 ok · 1 refused, or a watched run did not complete · 2 bad document or command line
             3 no controller answers · 4 no such experiment or run · 130 interrupted while watching

`fp4ctl COMMAND --help` explains a command.)";

bool IsCommand(const CLI::App& app, const std::string& word) {
  const auto commands = app.get_subcommands({});
  return std::any_of(commands.begin(), commands.end(),
                     [&](const CLI::App* command) { return command->get_name() == word; });
}

// The command that `word` begins or that begins `word`, or has the same first two letters; empty:
// none.
std::string NearestCommand(const CLI::App& app, const std::string& word) {
  if (word.size() < 2) return "";
  std::string similar;
  for (const CLI::App* command : app.get_subcommands({})) {
    const std::string& name = command->get_name();
    if (name.starts_with(word) || word.starts_with(name)) return name;
    if (similar.empty() && name.substr(0, 2) == word.substr(0, 2)) similar = name;
  }
  return similar;
}

}  // namespace

Program::Program(Context& context)
    : context_(context),
      app_(std::make_unique<CLI::App>(
          "fp4ctl: submit, watch and compare low-precision training experiments", "fp4ctl")) {
  app_->require_subcommand(1);
  app_->footer(kFooter);
  app_->set_version_flag("--version", "fp4ctl " + std::string(Version()));
  app_->set_help_flag("-h,--help", "Print this help");
  AddSharedOptions(*app_);
}

Program::~Program() = default;

void Program::AddSharedOptions(CLI::App& app) {
  app.add_option("--controller", context_.controller, "Address of the controller")
      ->type_name("HOST:PORT")
      ->group("Shared options");
  app.add_option("-o,--output", output_, "How results are printed: text or json")
      ->check(CLI::Validator(CLI::IsMember({"text", "json"})).description(""))
      ->type_name("text|json")
      ->group("Shared options");
}

CLI::App& Program::Add(const std::string& group, const std::string& name,
                       const std::string& summary, const std::string& help, Action action) {
  CLI::App* command = app_->add_subcommand(name, summary);
  command->group(group);
  command->footer(help);
  AddSharedOptions(*command);
  commands_.push_back({command, std::move(action)});
  return *command;
}

ExitCode Program::Run(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& request) {  // --help, --version
    app_->exit(request, context_.out, context_.err);
    return ExitCode::kOk;
  } catch (const CLI::ParseError& error) {
    const std::string word = argc > 1 ? argv[1] : "";
    const bool unknown = !word.empty() && word[0] != '-' && !IsCommand(*app_, word);
    const std::string near = NearestCommand(*app_, word);
    if (unknown) {
      context_.err << "fp4ctl: there is no command '" << word << "'"
                   << (near.empty() ? "" : "; did you mean '" + near + "'?") << "\n";
    } else {
      context_.err << "fp4ctl: " << error.what() << "\n";
    }
    context_.err << "  see `fp4ctl " << (near.empty() ? "" : near + " ") << "--help`\n";
    return ExitCode::kUsage;
  }
  context_.json = output_ == "json";
  for (const Command& command : commands_) {
    if (!command.app->parsed()) continue;
    auto exit_code = command.action(context_);
    context_.out.flush();
    return exit_code.ok() ? *exit_code : ReportError(exit_code.status(), context_.err);
  }
  return ExitCode::kUsage;
}

}  // namespace fp4::client
