#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/completion/scripts.h"

namespace fp4::client {
namespace {

// For single quotes.
std::string Quoted(const std::string& text) {
  return absl::StrReplaceAll(text, {{"'", ""}, {":", ""}, {"`", ""}});
}

std::string Action(const CompletionWords& place) {
  switch (place.kind) {
    case CompletionWords::Kind::kNone:
      return ":";
    case CompletionWords::Kind::kFile:
      return "_files";
    case CompletionWords::Kind::kChoices:
      return absl::StrCat("compadd -- ", absl::StrJoin(place.choices, " "));
    case CompletionWords::Kind::kIds:
      return absl::StrCat("compadd -- ${(f)\"$(${words[1]} completion --ids ",
                          std::string(place.ids), " $controller 2>/dev/null)\"}");
  }
  return ":";
}

std::string ValueOptions(const std::vector<CommandWords>& commands) {
  std::set<std::string> names;
  for (const CommandWords& command : commands) {
    for (const CommandWords::ValueOption& option : command.value_options) {
      names.insert(option.spellings.begin(), option.spellings.end());
    }
  }
  return absl::StrJoin(names, "|");
}

std::string CommandCase(const CommandWords& command) {
  std::string text = absl::StrCat("    ", command.name, ")\n      case $before in\n");
  for (const CommandWords::ValueOption& option : command.value_options) {
    absl::StrAppend(&text, "        (", absl::StrJoin(option.spellings, "|"), ") ",
                    Action(option.value), "; return ;;\n");
  }
  absl::StrAppend(&text, "      esac\n      if [[ $current == -* ]]; then\n        compadd -- ",
                  absl::StrJoin(command.options, " "), "\n        return\n      fi\n",
                  "      case $position in\n");
  for (size_t i = 0; i < command.arguments.size(); ++i) {
    const bool open = command.last_repeats && i + 1 == command.arguments.size();
    absl::StrAppend(&text, "        (", open ? "*" : absl::StrCat(i), ") ",
                    Action(command.arguments[i]), " ;;\n");
  }
  return absl::StrCat(text, "      esac\n      ;;\n");
}

}  // namespace

std::string ZshScript(const std::vector<CommandWords>& commands) {
  std::string text = "#compdef fp4ctl\n\n_fp4ctl() {\n  local -a commands=(\n";
  std::string cases;
  for (const CommandWords& command : commands) {
    absl::StrAppend(&text, "    '", command.name, ":", Quoted(command.summary), "'\n");
    cases += CommandCase(command);
  }
  absl::StrAppend(&text, R"(  )
  local current=${words[CURRENT]} before=${words[CURRENT-1]} command= position=0 i
  local -a controller
  for ((i = 2; i < CURRENT; i++)); do
    [[ ${words[i]} == --controller ]] && controller=(--controller "${words[i+1]}")
    case ${words[i]} in
      ()",
                  ValueOptions(commands), R"() ((i++)) ;;
      (-*) ;;
      (*) if [[ -z $command ]]; then command=${words[i]}; else ((position++)); fi ;;
    esac
  done
  case $command in
    "")
      _describe command commands
      ;;
)",
                  cases, "  esac\n}\n\n");
  return absl::StrCat(text, "if [[ $funcstack[1] == _fp4ctl ]]; then\n  _fp4ctl \"$@\"\nelse\n",
                      "  compdef _fp4ctl fp4ctl\nfi\n");
}

}  // namespace fp4::client
