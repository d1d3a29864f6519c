#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/completion/scripts.h"

namespace fp4::client {
namespace {

// For single quotes.
std::string Quoted(const std::string& text) {
  return absl::StrReplaceAll(text, {{"'", ""}, {"`", ""}});
}

// What follows `complete …` at a place.
std::string Action(const CompletionWords& place) {
  switch (place.kind) {
    case CompletionWords::Kind::kNone:
      return "";
    case CompletionWords::Kind::kFile:
      return " -F";
    case CompletionWords::Kind::kChoices:
      return absl::StrCat(" -a '", absl::StrJoin(place.choices, " "), "'");
    case CompletionWords::Kind::kIds:
      return absl::StrCat(" -a '(fp4ctl completion --ids ", std::string(place.ids),
                          " 2>/dev/null)'");
  }
  return "";
}

// fish completes all arguments of a command alike.
std::string CommandLines(const CommandWords& command) {
  const std::string seen =
      absl::StrCat("complete -c fp4ctl -n '__fish_seen_subcommand_from ", command.name, "'");
  std::string text = absl::StrCat("complete -c fp4ctl -n __fish_use_subcommand -a ", command.name,
                                  " -d '", Quoted(command.summary), "'\n");
  for (const CompletionWords& argument : command.arguments) {
    if (argument.kind != CompletionWords::Kind::kNone) {
      absl::StrAppend(&text, seen, Action(argument), "\n");
    }
  }
  for (const std::string& option : command.options) {
    const bool is_long = option.starts_with("--");
    absl::StrAppend(&text, seen, is_long ? " -l " : " -s ", option.substr(is_long ? 2 : 1));
    for (const CommandWords::ValueOption& value : command.value_options) {
      for (const std::string& spelling : value.spellings) {
        if (spelling == option) absl::StrAppend(&text, " -r", Action(value.value));
      }
    }
    text += "\n";
  }
  return text;
}

}  // namespace

std::string FishScript(const std::vector<CommandWords>& commands) {
  std::string text = "# fish completion of fp4ctl\ncomplete -c fp4ctl -f\n";
  for (const CommandWords& command : commands) text += CommandLines(command);
  return text;
}

}  // namespace fp4::client
