#include "client/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/number.h"
#include "base/version.h"
#include "client/render/text.h"
#include "spec/json.h"
#include "spec/suggest.h"

namespace fp4::client {
namespace {

constexpr int kMostWords = 1000;  // of a positional argument

std::string Footer() {
  std::string text = absl::StrCat("\n", kProgramNotes, "\nExit status:\n");
  for (const ExitMeaning& row : kExitMeanings) {
    const std::string code = absl::StrCat(static_cast<int>(row.code));
    absl::StrAppend(&text, "  ", code, std::string(6 - code.size(), ' '), std::string(row.meaning),
                    "\n");
  }
  return absl::StrCat(text, "\n`fp4ctl COMMAND --help` explains a command.");
}

// How many bytes of `word` are well-formed UTF-8.
size_t ValidPrefix(const std::string& word) {
  size_t valid = 0;
  for (size_t end = 1; end <= word.size(); ++end) {
    if (spec::IsUtf8(std::string_view(word).substr(0, end))) valid = end;
  }
  return valid;
}

// Puts the words of one option into its target. What is thrown names the option and the value.
struct Assign {
  const Option& option;
  const std::string& name;  // as messages call it
  const CLI::results_t& words;

  // What travels to the controller must be text. A file's name stays here.
  void CheckIsText(const std::string& word) const {
    if (spec::IsUtf8(word) || option.names == "FILE") return;
    throw CLI::ValidationError(
        name, absl::StrFormat("'%s' has the byte 0x%02x, not UTF-8", Printable(word),
                              static_cast<unsigned char>(word[ValidPrefix(word)])));
  }

  void operator()(bool* target) const { *target = true; }
  void operator()(int64_t* target) const {
    const absl::StatusOr<int64_t> value =
        ParseNumber<int64_t>(words.back(), option.range.low, option.range.high);
    if (!value.ok()) throw CLI::ValidationError(name, std::string(value.status().message()));
    *target = *value;
  }
  void operator()(double* target) const {
    const absl::StatusOr<double> value =
        ParseNumber<double>(words.back(), static_cast<double>(option.range.low),
                            static_cast<double>(option.range.high));
    if (!value.ok()) throw CLI::ValidationError(name, std::string(value.status().message()));
    *target = *value;
  }
  void operator()(std::string* target) const {
    CheckIsText(words.back());
    const auto& choices = option.choices;
    if (!choices.empty() &&
        std::find(choices.begin(), choices.end(), words.back()) == choices.end()) {
      throw CLI::ValidationError(
          name, absl::StrCat(words.back(), " not in {", absl::StrJoin(choices, ","), "}"));
    }
    *target = words.back();
  }
  void operator()(std::vector<std::string>* target) const {
    for (const std::string& word : words) CheckIsText(word);
    *target = words;
  }
};

// `option` must outlive `app`.
CLI::Option* Declare(const Option& option, CLI::App& app) {
  if (auto* const* flag = std::get_if<bool*>(&option.target)) {
    return app.add_flag(option.names, **flag, option.help);
  }
  CLI::Option* added = app.add_option(
      option.names,
      [&option,
       name = option.names.substr(option.names.rfind(',') + 1)](const CLI::results_t& words) {
        std::visit(Assign{option, name, words}, option.target);
        return true;
      },
      option.help);
  added->type_size(1)->expected(1)->type_name(ValueName(option))->required(option.required);
  if (std::holds_alternative<std::vector<std::string>*>(option.target)) {
    added->take_all();
    // Several words stand behind one another; each occurrence of an option has one.
    if (!option.names.starts_with('-')) added->expected(1, kMostWords)->allow_extra_args();
  }
  if (std::string text = DefaultText(option); !text.empty()) added->default_str(text);
  return added;
}

// Whether the word after this one is the value of a shared option.
bool TakesNextWord(const std::string& word, const std::vector<Option>& shared) {
  return std::any_of(shared.begin(), shared.end(), [&](const Option& option) {
    return absl::StrContains(absl::StrCat(",", option.names, ","), absl::StrCat(",", word, ","));
  });
}

// The first word that stands where a verb must; empty: there is none.
std::string VerbWord(int argc, const char* const* argv, const std::vector<Option>& shared) {
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (!word.empty() && word[0] != '-') return word;
    if (TakesNextWord(word, shared)) ++i;
  }
  return "";
}

// The verb that `word` begins, or the nearest in spelling; empty: none is near.
std::string NearestVerb(const std::vector<Verb>& verbs, const std::string& word) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs) names.push_back(verb.name);
  for (const std::string& name : names) {
    if (word.size() >= 2 && (name.starts_with(word) || word.starts_with(name))) return name;
  }
  if (std::string near = spec::Nearest(word, names); !near.empty()) return near;
  // "contrast" is far from all; what begins alike is a better answer than none.
  for (const std::string& name : names) {
    if (word.size() >= 2 && name.starts_with(word.substr(0, 2))) return name;
  }
  return "";
}

std::string NoSuchVerb(const std::vector<Verb>& verbs, const std::string& word) {
  const std::string near = NearestVerb(verbs, word);
  return absl::StrCat("fp4ctl: there is no command '", word, "'",
                      near.empty() ? "" : "; did you mean '" + near + "'?", "\n  see `fp4ctl ",
                      near.empty() ? "" : near + " ", "--help`\n");
}

// The parser of all verbs; those must outlive it.
class Parser {
 public:
  Parser(const std::vector<Verb>& verbs, const std::vector<Option>& shared)
      : app_(absl::StrCat("fp4ctl: ", kProgramSummary), "fp4ctl"), verbs_(verbs) {
    app_.require_subcommand(1);
    app_.footer(Footer());
    app_.set_version_flag("--version", absl::StrCat("fp4ctl ", std::string(Version())));
    app_.set_help_flag("-h,--help", "Print this help");
    AddShared(shared, app_);
    for (const Verb& verb : verbs) {
      CLI::App* command = app_.add_subcommand(verb.name, verb.summary);
      command->group(verb.group)->footer(verb.help);
      AddShared(shared, *command);
      for (const Option& option : verb.options) Declare(option, *command);
    }
  }

  ParsedLine Parse(int argc, const char* const* argv, const std::string& verb_word) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& request) {  // --help, --version
      std::ostringstream text;
      app_.exit(request, text, text);
      return {.text = text.str()};
    } catch (const CLI::ParseError& error) {
      return {.error = absl::StrCat("fp4ctl: ", error.what(), "\n  see `fp4ctl ",
                                    verb_word.empty() ? "" : verb_word + " ", "--help`\n")};
    }
    for (const Verb& verb : verbs_) {
      if (app_.got_subcommand(verb.name)) return {.verb = &verb};
    }
    return {.error = "fp4ctl: no command\n"};
  }

 private:
  static void AddShared(const std::vector<Option>& shared, CLI::App& app) {
    for (const Option& option : shared) Declare(option, app)->group("Shared options");
  }

  CLI::App app_;
  const std::vector<Verb>& verbs_;
};

}  // namespace

std::string DefaultText(const Option& option) {
  if (auto* const* number = std::get_if<int64_t*>(&option.target)) {
    return **number > 0 ? absl::StrCat(**number) : "";
  }
  if (auto* const* text = std::get_if<std::string*>(&option.target)) return **text;
  return "";
}

std::string ValueName(const Option& option) {
  if (!option.value_name.empty()) return option.value_name;
  if (!option.choices.empty()) return absl::StrJoin(option.choices, "|");
  if (std::holds_alternative<double*>(option.target)) return "NUMBER";
  return std::holds_alternative<int64_t*>(option.target) ? "INT" : "TEXT";
}

std::vector<Option> SharedOptions(Context& context) {
  return {{.names = "--controller",
           .target = &context.controller,
           .help = "Address of the controller",
           .value_name = "HOST:PORT"},
          {.names = "-o,--output",
           .target = &context.output,
           .help = "How results are printed: text or json",
           .choices = {"text", "json"}}};
}

ParsedLine ParseCommandLine(int argc, const char* const* argv, const std::vector<Verb>& verbs,
                            Context& context) {
  const std::vector<Option> shared = SharedOptions(context);
  const std::string word = VerbWord(argc, argv, shared);
  const bool known =
      std::any_of(verbs.begin(), verbs.end(), [&](const Verb& verb) { return verb.name == word; });
  if (!word.empty() && !known) return {.error = NoSuchVerb(verbs, word)};
  return Parser(verbs, shared).Parse(argc, argv, word);
}

}  // namespace fp4::client
