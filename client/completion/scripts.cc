#include "client/completion/scripts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace fp4::client {
namespace {

using Argument = CommandWords::Argument;

Argument ArgumentOf(const Verb& verb) {
  for (const Option& option : verb.options) {
    if (option.names.starts_with('-')) continue;
    if (option.names == "FILE") return Argument::kFile;
    if (option.names == "EXPERIMENT") return Argument::kExperiment;
    if (option.names == "SHELL") return Argument::kShell;
    if (option.names == "FIELD") return Argument::kField;
    if (option.names == "WORKER") return Argument::kWorker;
    return Argument::kAnyId;
  }
  return Argument::kNone;
}

// "--yes" and "-y" of "-y,--yes": long names first. Nothing for a positional argument.
std::vector<std::string> Spellings(const Option& option) {
  if (!option.names.starts_with('-')) return {};
  std::vector<std::string> names = absl::StrSplit(option.names, ',');
  std::reverse(names.begin(), names.end());
  return names;
}

// Words in the shell that stand for the ids, asked from the controller when they are wanted; empty
// when none answers.
constexpr char kExperimentIds[] =
    R"(fp4ctl ls --limit 200 -o json 2>/dev/null | grep -o '"id":"[^"]*"' | cut -d'"' -f4)";
constexpr char kRunIds[] =
    R"(fp4ctl ls --runs --limit 200 -o json 2>/dev/null | grep -o '{"id":"[^"]*"' | cut -d'"' -f4)";

constexpr char kWorkerNames[] =
    R"(fp4ctl status -o json 2>/dev/null | grep -o '"name":"[^"]*","host"' | cut -d'"' -f4)";

// A command substitution that gives the words of an argument; empty: none.
std::string WordsFor(Argument argument) {
  switch (argument) {
    case Argument::kNone:
    case Argument::kFile:
    case Argument::kField:
      return "";
    case Argument::kExperiment:
      return absl::StrCat("$(", kExperimentIds, ")");
    case Argument::kAnyId:
      return absl::StrCat("$(", kExperimentIds, "; ", kRunIds, ")");
    case Argument::kWorker:
      return absl::StrCat("$(", kWorkerNames, ")");
    case Argument::kShell:
      return "bash zsh fish";
  }
  return "";
}

std::string Bash(const std::vector<CommandWords>& commands) {
  std::vector<std::string> names;
  std::string cases;
  for (const CommandWords& command : commands) {
    names.push_back(command.name);
    absl::StrAppend(&cases, "    ", command.name, ")\n      options=\"",
                    absl::StrJoin(command.options, " "), "\"\n");
    if (command.argument == Argument::kFile) {
      absl::StrAppend(&cases, "      [[ $word == -* ]] || { compopt -o default; return; }\n");
    } else if (std::string words = WordsFor(command.argument); !words.empty()) {
      absl::StrAppend(&cases, "      [[ $word == -* ]] || words=\"", words, "\"\n");
    }
    absl::StrAppend(&cases, "      ;;\n");
  }
  return absl::StrCat(R"(# bash completion of fp4ctl
_fp4ctl() {
  local word=${COMP_WORDS[COMP_CWORD]} command="" options="" words="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
    -o | --output | --controller) ((i++)) ;;
    -*) ;;
    *) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  case ${COMP_WORDS[COMP_CWORD-1]} in
  -o | --output) COMPREPLY=($(compgen -W "text json" -- "$word")); return ;;
  esac
  case $command in
    "")
      words=")",
                      absl::StrJoin(names, " "), "\"\n      ;;\n", cases, R"(  esac
  [[ $word == -* ]] && words=$options
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _fp4ctl fp4ctl
)");
}

// For single quotes of zsh and fish.
std::string Quoted(const std::string& text) {
  return absl::StrReplaceAll(text, {{"'", ""}, {":", ""}, {"`", ""}});
}

std::string Zsh(const std::vector<CommandWords>& commands) {
  std::string text = "#compdef fp4ctl\n\n_fp4ctl() {\n  local -a commands=(\n";
  for (const CommandWords& command : commands) {
    absl::StrAppend(&text, "    '", command.name, ":", Quoted(command.summary), "'\n");
  }
  absl::StrAppend(&text, R"(  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  if [[ ${words[CURRENT-1]} == (-o|--output) ]]; then
    compadd text json
    return
  fi
  case ${words[2]} in
)");
  for (const CommandWords& command : commands) {
    absl::StrAppend(&text, "    ", command.name,
                    ")\n      if [[ ${words[CURRENT]} == -* ]]; then\n", "        compadd -- ",
                    absl::StrJoin(command.options, " "), "\n");
    if (command.argument == Argument::kFile) {
      absl::StrAppend(&text, "      else\n        _files\n");
    } else if (std::string words = WordsFor(command.argument); !words.empty()) {
      absl::StrAppend(&text, "      else\n        compadd -- ", words, "\n");
    }
    absl::StrAppend(&text, "      fi\n      ;;\n");
  }
  return absl::StrCat(text, "  esac\n}\n\n",
                      "if [[ $funcstack[1] == _fp4ctl ]]; then\n  _fp4ctl \"$@\"\nelse\n"
                      "  compdef _fp4ctl fp4ctl\nfi\n");
}

std::string Fish(const std::vector<CommandWords>& commands) {
  std::string text = "# fish completion of fp4ctl\ncomplete -c fp4ctl -f\n";
  for (const CommandWords& command : commands) {
    absl::StrAppend(&text, "complete -c fp4ctl -n __fish_use_subcommand -a ", command.name, " -d '",
                    Quoted(command.summary), "'\n");
    const std::string seen =
        absl::StrCat("complete -c fp4ctl -n '__fish_seen_subcommand_from ", command.name, "'");
    if (command.argument == Argument::kFile) absl::StrAppend(&text, seen, " -F\n");
    std::string words = WordsFor(command.argument);
    if (!words.empty()) {
      // fish writes a command substitution without the dollar sign.
      if (words[0] == '$') words.erase(0, 1);
      absl::StrAppend(&text, seen, " -a \"", absl::StrReplaceAll(words, {{"\"", "\\\""}}), "\"\n");
    }
    for (const std::string& option : command.options) {
      const bool is_long = option.starts_with("--");
      absl::StrAppend(&text, seen, is_long ? " -l " : " -s ", option.substr(is_long ? 2 : 1), "\n");
    }
  }
  return text;
}

}  // namespace

std::vector<CommandWords> CommandsOf(const std::vector<Verb>& verbs,
                                     const std::vector<Option>& shared) {
  std::vector<CommandWords> commands;
  for (const Verb& verb : verbs) {
    CommandWords words{.name = verb.name,
                       .summary = verb.summary,
                       .options = {"--help", "-h"},
                       .argument = ArgumentOf(verb)};
    for (const std::vector<Option>& options : {shared, verb.options}) {
      for (const Option& option : options) {
        for (std::string& name : Spellings(option)) words.options.push_back(std::move(name));
      }
    }
    commands.push_back(std::move(words));
  }
  return commands;
}

std::string CompletionScript(const std::string& shell, const std::vector<CommandWords>& commands) {
  if (shell == "zsh") return Zsh(commands);
  if (shell == "fish") return Fish(commands);
  return Bash(commands);
}

}  // namespace fp4::client
