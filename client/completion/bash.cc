#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/completion/scripts.h"

namespace fp4::client {
namespace {

// What puts the words of a place into `words`, or leaves it to the shell.
std::string Action(const CompletionWords& place) {
  switch (place.kind) {
    case CompletionWords::Kind::kNone:
      return ":";
    case CompletionWords::Kind::kFile:
      return "compopt -o default; return";
    case CompletionWords::Kind::kChoices:
      return absl::StrCat("words=\"", absl::StrJoin(place.choices, " "), "\"");
    case CompletionWords::Kind::kIds:
      return absl::StrCat("words=$(\"${COMP_WORDS[0]}\" completion --ids ", std::string(place.ids),
                          " \"${controller[@]}\" 2>/dev/null)");
  }
  return ":";
}

// Options of all commands behind which a value stands.
std::string ValueOptions(const std::vector<CommandWords>& commands) {
  std::set<std::string> names;
  for (const CommandWords& command : commands) {
    for (const CommandWords::ValueOption& option : command.value_options) {
      names.insert(option.spellings.begin(), option.spellings.end());
    }
  }
  return absl::StrJoin(names, " | ");
}

std::string ValueCases(const CommandWords& command) {
  std::string text;
  for (const CommandWords::ValueOption& option : command.value_options) {
    absl::StrAppend(&text, "      ", absl::StrJoin(option.spellings, " | "), ") is_value=1; ",
                    Action(option.value), " ;;\n");
  }
  return text;
}

std::string ArgumentCases(const CommandWords& command) {
  std::string text;
  for (size_t i = 0; i < command.arguments.size(); ++i) {
    const bool open = command.last_repeats && i + 1 == command.arguments.size();
    absl::StrAppend(&text, "      ", open ? "*" : absl::StrCat(i), ") ",
                    Action(command.arguments[i]), " ;;\n");
  }
  return text;
}

std::string CommandCase(const CommandWords& command) {
  const std::string arguments = ArgumentCases(command);
  return absl::StrCat(
      "  ", command.name, ")\n    case $before in\n", ValueCases(command), "    esac\n",
      "    if [[ -z $is_value && $word == -* ]]; then\n      words=\"",
      absl::StrJoin(command.options, " "), "\"\n",
      arguments.empty()
          ? ""
          : absl::StrCat("    elif [[ -z $is_value ]]; then\n      case $position in\n", arguments,
                         "      esac\n"),
      "    fi\n    ;;\n");
}

}  // namespace

std::string BashScript(const std::vector<CommandWords>& commands) {
  std::string cases;
  std::vector<std::string> names;
  for (const CommandWords& command : commands) {
    names.push_back(command.name);
    cases += CommandCase(command);
  }
  return absl::StrCat(R"(# bash completion of fp4ctl
_fp4ctl() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  local command="" words="" is_value="" position=0 i controller=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == --controller ]] && controller=(--controller "${COMP_WORDS[i+1]}")
    case ${COMP_WORDS[i]} in
    )",
                      ValueOptions(commands), R"() ((i++)) ;;
    -*) ;;
    *) if [[ -z $command ]]; then command=${COMP_WORDS[i]}; else ((position++)); fi ;;
    esac
  done
  case $command in
  "")
    words=")",
                      absl::StrJoin(names, " "), "\"\n    ;;\n", cases, R"(  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _fp4ctl fp4ctl
)");
}

}  // namespace fp4::client
