#include "client/diff/unified.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace fp4::client {
namespace {

std::string Numbers(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) absl::StrAppend(&text, i, "\n");
  return text;
}

// What `diff -u` prints for the same texts, but for the times in its first lines.
TEST(UnifiedDiffTest, HasThreeLinesOfContext) {
  EXPECT_EQ(UnifiedDiff("a", Numbers(1, 9), "b", Numbers(1, 4) + "five\n" + Numbers(6, 9)),
            "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(UnifiedDiffTest, DistantChangesAreTwoHunksAndNearOnesOne) {
  const std::string a = Numbers(1, 30);
  const std::string far = "one\n" + Numbers(2, 29) + "thirty\n";
  EXPECT_EQ(UnifiedDiff("a", a, "b", far),
            "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-1\n+one\n 2\n 3\n 4\n@@ -27,4 +27,4 @@\n 27\n 28\n "
            "29\n-30\n+thirty\n");
  const std::string near = "one\n" + Numbers(2, 7) + "eight\n" + Numbers(9, 30);
  EXPECT_NE(UnifiedDiff("a", a, "b", near).find("@@ -1,11 +1,11 @@"), std::string::npos);
}

TEST(UnifiedDiffTest, AddedAndRemovedEnds) {
  EXPECT_EQ(UnifiedDiff("a", "", "b", "x\n"), "--- a\n+++ b\n@@ -0,0 +1,1 @@\n+x\n");
  EXPECT_EQ(UnifiedDiff("a", "x\ny\n", "b", "x\n"), "--- a\n+++ b\n@@ -1,2 +1,1 @@\n x\n-y\n");
}

TEST(UnifiedDiffTest, OfEqualTextsIsEmpty) {
  EXPECT_EQ(UnifiedDiff("a", Numbers(1, 5), "b", Numbers(1, 5)), "");
  EXPECT_EQ(UnifiedDiff("a", "", "b", ""), "");
}

TEST(UnifiedDiffTest, VeryLongTextsAreReplacedAsAWhole) {
  std::string a, b;
  for (int i = 0; i < 3000; ++i) {
    absl::StrAppend(&a, "a", i, "\n");
    absl::StrAppend(&b, "b", i, "\n");
  }
  const std::string diff = UnifiedDiff("a", "same\n" + a, "b", "same\n" + b);
  EXPECT_NE(diff.find("@@ -1,3001 +1,3001 @@\n same\n-a0\n"), std::string::npos);
}

}  // namespace
}  // namespace fp4::client
