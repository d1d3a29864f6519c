#include "daemon/config_file.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "spec/json.h"
#include "spec/suggest.h"

namespace fp4::daemon {
namespace {

using spec::Node;

constexpr char kConfig[] = "--config";

absl::Status At(const std::string& file, const spec::Place& place, const std::string& what) {
  return absl::InvalidArgumentError(
      absl::StrCat(file, ":", place.line, ":", place.column, ": ", what));
}

// Takes --config out of the arguments.
absl::StatusOr<std::optional<std::string>> TakeConfig(std::vector<std::string>& arguments) {
  for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
    if (absl::StartsWith(*argument, "--config=")) {
      std::string file = argument->substr(sizeof kConfig);
      arguments.erase(argument);
      return file;
    }
    if (*argument != kConfig) continue;
    if (argument + 1 == arguments.end()) {
      return absl::InvalidArgumentError("--config: the name of a file is missing");
    }
    std::string file = *(argument + 1);
    arguments.erase(argument, argument + 2);
    return file;
  }
  return std::nullopt;
}

bool StandsIn(const std::vector<std::string>& arguments, const std::string& flag) {
  return std::ranges::any_of(arguments, [&](const std::string& argument) {
    return argument == flag || absl::StartsWith(argument, flag + "=");
  });
}

absl::Status Unknown(const std::string& file, const spec::Member& member,
                     const std::vector<KnownFlag>& flags) {
  std::vector<std::string> names;
  for (const KnownFlag& flag : flags) names.push_back(flag.name);
  return At(file, member.key_place,
            absl::StrCat(spec::ShownKey(member.key), ": is no setting",
                         spec::SuggestionAndChoices(member.key, names)));
}

absl::Status AddValue(const std::string& file, const std::string& name, const Node& value,
                      std::vector<std::string>& out) {
  if (value.kind != Node::Kind::kString && value.kind != Node::Kind::kNumber) {
    return At(file, value.place,
              absl::StrCat(name, ": is ", spec::Shown(value), "; allowed: a text or a number"));
  }
  out.push_back(absl::StrCat("--", name, "=", value.text));
  return absl::OkStatus();
}

absl::Status AddFlag(const std::string& file, const KnownFlag& flag, const Node& value,
                     std::vector<std::string>& out) {
  if (!flag.takes_value) {
    if (value.kind != Node::Kind::kBoolean) {
      return At(file, value.place,
                absl::StrCat(flag.name, ": is ", spec::Shown(value), "; allowed: true, false"));
    }
    if (value.boolean) out.push_back("--" + flag.name);
    return absl::OkStatus();
  }
  if (value.kind != Node::Kind::kList) return AddValue(file, flag.name, value, out);
  for (const Node& item : value.items) {
    FP4_RETURN_IF_ERROR(AddValue(file, flag.name, item, out));
  }
  return absl::OkStatus();
}

absl::StatusOr<Node> ReadObject(const std::string& file) {
  FP4_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  const spec::ParsedJson parsed = spec::ParseJson(text);
  if (!parsed.problems.empty()) {
    const spec::JsonProblem& first = parsed.problems.front();
    return At(file, first.place,
              absl::StrCat(first.path, first.path.empty() ? "" : ": ", first.message));
  }
  if (parsed.root.kind == Node::Kind::kObject) return parsed.root;
  return At(file, parsed.root.place,
            absl::StrCat("is ", spec::Shown(parsed.root), "; allowed: an object of settings"));
}

}  // namespace

std::string CommandLine::WithPlace(const std::string& message) const {
  for (const auto& [flag, place] : places) {
    if (absl::StrContains(message, flag)) return absl::StrCat(place, ": ", message);
  }
  return message;
}

absl::StatusOr<CommandLine> ReadCommandLine(int argc, const char* const* argv,
                                            const std::vector<KnownFlag>& flags) {
  CommandLine line;
  std::vector<std::string> given(argv + 1, argv + argc);
  FP4_ASSIGN_OR_RETURN(const std::optional<std::string> file, TakeConfig(given));
  if (file) {
    FP4_ASSIGN_OR_RETURN(const Node root, ReadObject(*file));
    for (const spec::Member& member : root.members) {
      const auto flag = std::ranges::find(flags, member.key, &KnownFlag::name);
      if (flag == flags.end()) return Unknown(*file, member, flags);
      const std::string dashed = "--" + flag->name;
      if (StandsIn(given, dashed)) continue;
      FP4_RETURN_IF_ERROR(AddFlag(*file, *flag, member.value, line.arguments));
      const spec::Place& place = member.value.place;
      line.places[dashed] = absl::StrCat(*file, ":", place.line, ":", place.column);
    }
  }
  line.arguments.insert(line.arguments.end(), given.begin(), given.end());
  return line;
}

}  // namespace fp4::daemon
