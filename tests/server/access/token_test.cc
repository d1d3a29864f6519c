#include "server/access/token.h"

#include <set>

#include "gmock/gmock.h"

namespace fp4::access {
namespace {

TEST(Token, ReadsBackAsItWasMade) {
  const TokenText made = NewToken("k7x2m9qd");
  EXPECT_EQ(made.secret.size(), 64u);
  const auto read = ParseToken(made.ToString());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, made.id);
  EXPECT_EQ(read->secret, made.secret);
}

TEST(Token, IsAnotherEachTime) {
  std::set<std::string> secrets;
  for (int i = 0; i < 100; ++i) secrets.insert(NewToken("k7x2m9qd").secret);
  EXPECT_EQ(secrets.size(), 100u);
}

TEST(ParseToken, RefusesEveryOtherText) {
  const std::string good = NewToken("k7x2m9qd").ToString();
  for (const std::string& text :
       {std::string(), good + "0", good.substr(1), "FP4_" + good.substr(4),
        good.substr(0, 12) + "-" + good.substr(13), good.substr(0, good.size() - 1) + "g",
        std::string(good).replace(5, 1, "K")}) {
    EXPECT_FALSE(ParseToken(text)) << text;
  }
}

TEST(SameInConstantTime, ComparesWholeTexts) {
  EXPECT_TRUE(SameInConstantTime("abc", "abc"));
  EXPECT_FALSE(SameInConstantTime("abc", "abd"));
  EXPECT_FALSE(SameInConstantTime("abc", "abcd"));
}

}  // namespace
}  // namespace fp4::access
