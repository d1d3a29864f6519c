#include "tests/spec/malformed.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace fp4::spec {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(FP4_SOURCE_DIR) / "tests/spec/malformed";

}  // namespace

std::vector<MalformedCase> ReadMalformedCases() {
  std::vector<MalformedCase> cases;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder))
    files.push_back(entry.path());
  std::ranges::sort(files);
  for (const std::filesystem::path& file : files) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("### ")) {
        cases.push_back({.file = file.filename().string(),
                         .name = line.substr(4),
                         .document = {},
                         .overrides = {},
                         .expected = {}});
      } else if (line.starts_with("set: ")) {
        cases.back().overrides.push_back(line.substr(5));
      } else if (line.starts_with("> ")) {
        cases.back().expected.push_back(line.substr(2));
      } else {
        cases.back().document += line + "\n";
      }
    }
  }
  return cases;
}

void WriteMalformedCases(const std::string& file, const std::vector<MalformedCase>& cases) {
  std::ofstream out(kFolder / file);
  for (const MalformedCase& each : cases) {
    if (each.file != file) continue;
    out << "### " << each.name << "\n" << each.document;
    for (const std::string& text : each.overrides) out << "set: " << text << "\n";
    for (const std::string& text : each.expected) out << "> " << text << "\n";
  }
}

}  // namespace fp4::spec
