#include "tests/client/manual/examples.h"

#include <string_view>

#include "absl/strings/str_split.h"

namespace fp4::client {
namespace {

// Takes the words from the front of `text` up to what ends a command.
std::vector<std::string> TakeCommand(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool open = false, quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'') {
      quoted = !quoted;
      open = true;
    } else if (quoted || (c != ' ' && c != '|' && c != '<' && c != '>' && c != '&')) {
      word.push_back(c);
      open = true;
    } else {
      if (open) words.push_back(word);
      word.clear();
      open = false;
      if (c != ' ' || text.substr(i).starts_with("   ")) return words;
    }
  }
  if (open) words.push_back(word);
  return words;
}

}  // namespace

std::vector<std::vector<std::string>> ExamplesOf(const std::string& help) {
  constexpr std::string_view kProgram = "fp4ctl ";
  std::vector<std::vector<std::string>> examples;
  const std::vector<std::string> lines = absl::StrSplit(help, '\n');
  for (const std::string_view line : lines) {
    if (!line.starts_with("  ")) continue;
    for (size_t at = line.find(kProgram); at != std::string_view::npos;
         at = line.find(kProgram, at + 1)) {
      // Within a sentence it is a word like others.
      if (line[at - 1] == ' ') examples.push_back(TakeCommand(line.substr(at)));
    }
  }
  return examples;
}

}  // namespace fp4::client
