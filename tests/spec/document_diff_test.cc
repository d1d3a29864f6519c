#include "spec/document_diff.h"

#include <gmock/gmock.h>

#include <ostream>

namespace fp4::spec {

void PrintTo(const FieldDifference& difference, std::ostream* out) {
  *out << difference.path << ": " << difference.left << " -> " << difference.right;
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DifferencesOf, EqualDocumentsHaveNone) {
  EXPECT_THAT(
      DifferencesOf(R"({"a": 1, "b": [1, {"c": null}]})", R"({"b": [1, {"c": null}],  "a": 1})"),
      IsEmpty());
}

TEST(DifferencesOf, NamesFieldsByTheirPaths) {
  EXPECT_THAT(
      DifferencesOf(R"({"m": {"x": true, "gone": "a", "same": 2}, "n": 1})",
                    R"({"m": {"x": false, "same": 2, "new": [1]}, "n": {"k": 1}})"),
      ElementsAre(FieldDifference{"m.x", "true", "false"}, FieldDifference{"m.gone", "\"a\"", ""},
                  FieldDifference{"m.new", "", "[1]"}, FieldDifference{"n", "1", "{\"k\": 1}"}));
}

TEST(DifferencesOf, ListsOfObjectsAreComparedByItem) {
  EXPECT_THAT(DifferencesOf(R"({"rules": [{"use": "fp4"}, {"use": "nf4"}]})",
                            R"({"rules": [{"use": "fp4"}, {"use": "int8"}]})"),
              ElementsAre(FieldDifference{"rules[1].use", "\"nf4\"", "\"int8\""}));
  EXPECT_THAT(DifferencesOf(R"({"rules": []})", R"({"rules": [{"use": "fp4"}]})"),
              ElementsAre(FieldDifference{"rules", "[]", "[{\"use\": \"fp4\"}]"}));
  EXPECT_THAT(DifferencesOf(R"({"betas": [0.9, 0.95]})", R"({"betas": [0.9, 0.99]})"),
              ElementsAre(FieldDifference{"betas", "[0.9, 0.95]", "[0.9, 0.99]"}));
}

TEST(DifferencesOf, ATextThatIsNoJsonDiffersAsAWhole) {
  EXPECT_THAT(DifferencesOf("{", "{}"), ElementsAre(FieldDifference{"", "{", "{}"}));
  EXPECT_THAT(DifferencesOf("{", "{"), IsEmpty());
}

}  // namespace
}  // namespace fp4::spec
