#include "server/access/secrets.h"

#include <string>

#include "gmock/gmock.h"
#include "server/access/token.h"

namespace fp4::access {
namespace {

TEST(FindSecret, FindsWhatHasTheFormOfASecretWithItsPlace) {
  const std::string tail(40, 'a');
  for (const std::string& secret :
       {NewToken("abcdefgh").ToString(), "hf_" + tail, "ghp_" + tail, "AKIA" + std::string(16, 'Q'),
        std::string("-----BEGIN EC PRIVATE KEY-----")}) {
    const auto found = FindSecret("{\n  \"description\": \"" + secret + "\"}");
    ASSERT_TRUE(found) << secret;
    EXPECT_EQ(found->line, 2) << secret;
    EXPECT_GE(found->column, 19) << secret;
  }
}

TEST(FindSecret, LeavesAloneWhatIsNone) {
  for (const char* text :
       {"{\"precision\": {\"default\": \"fp4_e2m1\"}}", "half_sk-etched", "AKIA is a prefix",
        "tokens: tokens.bin", "shf_abcdefghijklmnopqrstuvwxyz0123456789"}) {
    EXPECT_FALSE(FindSecret(text)) << text;
  }
}

}  // namespace
}  // namespace fp4::access
