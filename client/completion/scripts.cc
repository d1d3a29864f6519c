#include "client/completion/scripts.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "client/completion/ids.h"

namespace fp4::client {
namespace {

using Kind = CompletionWords::Kind;

// By the names that arguments and values have in the help pages.
struct NamedWords {
  std::string_view name;
  CompletionWords words;
};

CompletionWords WordsOf(const Option& option, std::string_view name) {
  static const auto* const table =
      new std::vector<NamedWords>{{"FILE", {Kind::kFile}},
                                  {"FOLDER", {Kind::kFile}},
                                  {"EXPERIMENT", {Kind::kIds, {}, kExperimentIds}},
                                  {"RUN", {Kind::kIds, {}, kRunIds}},
                                  {"ID", {Kind::kIds, {}, kAnyIds}},
                                  {"A", {Kind::kIds, {}, kAnyIds}},
                                  {"B", {Kind::kIds, {}, kAnyIds}},
                                  {"WORKER", {Kind::kIds, {}, kWorkerNames}}};
  if (!option.choices.empty()) return {.kind = Kind::kChoices, .choices = option.choices};
  for (const NamedWords& row : *table) {
    if (row.name == name) return row.words;
  }
  return {};
}

bool IsPositional(const Option& option) { return !option.names.starts_with('-'); }

// "--yes" and "-y" of "-y,--yes": long names first.
std::vector<std::string> Spellings(const Option& option) {
  std::vector<std::string> names = absl::StrSplit(option.names, ',');
  std::ranges::reverse(names);
  return names;
}

void AddOption(const Option& option, CommandWords& command) {
  if (IsPositional(option)) {
    command.arguments.push_back(WordsOf(option, option.names));
    command.last_repeats = std::holds_alternative<std::vector<std::string>*>(option.target);
    return;
  }
  const std::vector<std::string> spellings = Spellings(option);
  command.options.insert(command.options.end(), spellings.begin(), spellings.end());
  if (std::holds_alternative<bool*>(option.target)) return;
  command.value_options.push_back({spellings, WordsOf(option, option.value_name)});
}

}  // namespace

std::vector<CommandWords> CommandsOf(const std::vector<Verb>& verbs,
                                     const std::vector<Option>& shared) {
  std::vector<CommandWords> commands;
  for (const Verb& verb : verbs) {
    CommandWords command{.name = verb.name,
                         .summary = verb.summary,
                         .options = {"--help", "-h"},
                         .value_options = {},
                         .arguments = {}};
    for (const Option& option : shared) AddOption(option, command);
    for (const Option& option : verb.options) AddOption(option, command);
    commands.push_back(std::move(command));
  }
  return commands;
}

std::string CompletionScript(const std::string& shell, const std::vector<CommandWords>& commands) {
  if (shell == "zsh") return ZshScript(commands);
  if (shell == "fish") return FishScript(commands);
  return BashScript(commands);
}

}  // namespace fp4::client
