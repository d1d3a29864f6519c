#include "base/ids.h"

#include <gtest/gtest.h>

#include <set>

namespace fp4 {
namespace {

TEST(IdsTest, IdsAreShortTypeableAndDifferent) {
  std::set<std::string> seen;
  std::set<char> characters;
  for (int i = 0; i < 2000; ++i) {
    std::string id = RandomIds().NewId();
    EXPECT_EQ(id.size(), 8u);
    characters.insert(id.begin(), id.end());
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 2000u);
  EXPECT_EQ(std::string(characters.begin(), characters.end()), "23456789bcdfghjkmnpqrstvwxz");
}

}  // namespace
}  // namespace fp4
