// Every malformed document gives its own errors, each with its place. After a change of wording run
// this with FP4_UPDATE_EXPECTED=1, and read the difference.
#include "tests/spec/malformed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "spec/document.h"

namespace fp4::spec {
namespace {

using ::testing::ElementsAreArray;

std::vector<std::string> ProblemsOf(const MalformedCase& malformed) {
  std::vector<std::string> lines;
  for (const Problem& problem :
       ReadExperiment(malformed.document, malformed.overrides, {}).problems) {
    lines.push_back(problem.ToString("a.json"));
  }
  return lines;
}

class MalformedDocument : public testing::TestWithParam<MalformedCase> {};

TEST_P(MalformedDocument, GivesExactlyItsProblems) {
  const std::vector<std::string> problems = ProblemsOf(GetParam());
  EXPECT_FALSE(problems.empty());
  EXPECT_THAT(problems, ElementsAreArray(GetParam().expected)) << GetParam().document;
}

INSTANTIATE_TEST_SUITE_P(, MalformedDocument, testing::ValuesIn(ReadMalformedCases()),
                         [](const auto& info) { return info.param.name; });

TEST(MalformedDocuments, NoTwoAreToldTheSame) {
  std::map<std::vector<std::string>, std::string> told;
  const std::vector<MalformedCase> cases = ReadMalformedCases();
  EXPECT_GE(cases.size(), 100u);
  for (const MalformedCase& malformed : cases) {
    const auto [first, is_new] = told.emplace(malformed.expected, malformed.name);
    EXPECT_TRUE(is_new) << malformed.name << " and " << first->second;
  }
}

void UpdateExpected() {
  std::vector<MalformedCase> cases = ReadMalformedCases();
  std::set<std::string> files;
  for (MalformedCase& malformed : cases) {
    malformed.expected = ProblemsOf(malformed);
    files.insert(malformed.file);
  }
  for (const std::string& file : files) WriteMalformedCases(file, cases);
}

}  // namespace
}  // namespace fp4::spec

int main(int argc, char** argv) {
  if (std::getenv("FP4_UPDATE_EXPECTED") != nullptr) fp4::spec::UpdateExpected();
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
