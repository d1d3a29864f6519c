// The documents of tests/spec/malformed/*.txt. A file is a row of cases:
//   ### name_of_the_case
//   the document, any number of lines
//   set: an override, any number
//   > a problem as the user reads it, one a line, all of them and in order
#pragma once

#include <string>
#include <vector>

namespace fp4::spec {

struct MalformedCase {
  std::string file, name, document;
  std::vector<std::string> overrides, expected;
};

// Every case of every file.
std::vector<MalformedCase> ReadMalformedCases();

// Writes the cases of one file back.
void WriteMalformedCases(const std::string& file, const std::vector<MalformedCase>& cases);

}  // namespace fp4::spec
