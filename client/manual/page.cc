#include "client/manual/page.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/version.h"
#include "client/command_line.h"
#include "client/exit_code.h"

namespace fp4::client {
namespace {

struct Variable {
  const char *name, *meaning;
};

constexpr Variable kVariables[] = {
    {"FP4_CONTROLLER", "Address of the controller, where --controller names none."},
    {"FP4_STATE_DIR",
     "Where `fp4ctl up` keeps its daemons' data. Default: $XDG_STATE_HOME/fp4lab, "
     "else ~/.local/state/fp4lab."},
    {"NO_COLOR", "Any value turns colours off."},
};

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}, {"'", "\\(aq"}, {"`", "\\(ga"}});
}

// What begins with one of roff's own characters would be a request.
std::string Line(std::string escaped) {
  const bool request = !escaped.empty() && escaped[0] == '.';
  return absl::StrCat(request ? "\\&" : "", escaped, "\n");
}

std::string Bold(const std::string& text) { return absl::StrCat("\\fB", Escaped(text), "\\fR"); }
std::string Italic(const std::string& text) { return absl::StrCat("\\fI", Escaped(text), "\\fR"); }

// `words in backquotes` are bold; a backquote without a second one stays as it is.
std::string Inline(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '`');
  if (parts.size() % 2 == 0) return Escaped(text);
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    absl::StrAppend(&out, i % 2 == 0 ? Escaped(parts[i]) : Bold(parts[i]));
  }
  return out;
}

bool IsPositional(const Option& option) { return !option.names.starts_with('-'); }

std::string ValueOf(const Option& option) {
  if (IsPositional(option) || std::holds_alternative<bool*>(option.target)) return "";
  return absl::StrCat(" ", Italic(ValueName(option)));
}

// "-y, --yes VALUE"
std::string Spelling(const Option& option) {
  if (IsPositional(option)) return Italic(option.names);
  std::string text;
  for (const std::string& name : std::vector<std::string>(absl::StrSplit(option.names, ','))) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", Bold(name));
  }
  return text + ValueOf(option);
}

std::string Item(const std::string& tag, const std::string& text) {
  return absl::StrCat(".TP\n", Line(tag), Line(Inline(text)));
}

std::string Items(const std::vector<Option>& options) {
  std::string page;
  for (const Option& option : options) {
    const std::string text = DefaultText(option);
    absl::StrAppend(
        &page,
        Item(Spelling(option), absl::StrCat(option.help, text.empty() ? "" : ". Default: ", text)));
  }
  return page;
}

std::string Usage(const Verb& verb) {
  std::string line = absl::StrCat(Bold("fp4ctl"), " ", Bold(verb.name));
  for (const Option& option : verb.options) {
    const bool several =
        IsPositional(option) && std::holds_alternative<std::vector<std::string>*>(option.target);
    const std::string shown =
        absl::StrCat(IsPositional(option)
                         ? Italic(option.names)
                         : Bold(option.names.substr(option.names.rfind(',') + 1)) + ValueOf(option),
                     several ? "\\ ..." : "");
    absl::StrAppend(&line, " ", option.required ? shown : absl::StrCat("[", shown, "]"));
  }
  return Line(line);
}

std::string Section(const Verb& verb) {
  return absl::StrCat(".SS ", Escaped(verb.name), "\n",
                      Line(Inline(absl::StrCat(verb.summary, "."))), ".P\n", Usage(verb),
                      Items(verb.options), ".P\n", RoffText(verb.help));
}

std::string Overview(const std::vector<Verb>& verbs) {
  std::string page, group;
  for (const Verb& verb : verbs) {
    if (verb.group != group) absl::StrAppend(&page, ".P\n", Line(Escaped(verb.group + ":")));
    group = verb.group;
    absl::StrAppend(&page, Item(Bold(verb.name), verb.summary));
  }
  return page;
}

}  // namespace

std::string RoffText(const std::string& text) {
  std::string page;
  bool literal = false, gap = false;
  const std::vector<std::string> lines = absl::StrSplit(absl::StripAsciiWhitespace(text), '\n');
  for (const std::string& line : lines) {
    if (absl::StripAsciiWhitespace(line).empty()) {
      gap = true;
      continue;
    }
    const bool indented = line.starts_with(' ');
    if (literal && !indented) page += ".fi\n";
    if (gap || (literal && !indented)) page += ".P\n";
    if (!literal && indented) page += ".nf\n";
    page += Line(indented ? Escaped(line) : Inline(line));
    literal = indented;
    gap = false;
  }
  return page + (literal ? ".fi\n" : "");
}

std::string ManualPage(const std::vector<Verb>& verbs, const std::vector<Option>& shared) {
  std::string page = absl::StrCat(
      ".\\\" Made from the command line's own description: not for editing.\n.TH FP4CTL 1 \"\" "
      "\"fp4lab ",
      std::string(Version()), "\" \"User Commands\"\n.SH NAME\nfp4ctl \\- ",
      Escaped(kProgramSummary),
      "\n.SH SYNOPSIS\n.B fp4ctl\n.I COMMAND\n[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n.SH "
      "DESCRIPTION\n",
      RoffText(kProgramNotes), Overview(verbs), ".SH SHARED OPTIONS\n", Items(shared),
      ".SH COMMANDS\n");
  for (const Verb& verb : verbs) page += Section(verb);
  page += ".SH EXIT STATUS\n";
  for (const ExitMeaning& row : kExitMeanings) {
    page += Item(Bold(absl::StrCat(static_cast<int>(row.code))), std::string(row.meaning));
  }
  page += ".SH ENVIRONMENT\n";
  for (const Variable& row : kVariables) page += Item(Bold(row.name), row.meaning);
  return page;
}

}  // namespace fp4::client
