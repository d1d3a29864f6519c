#include "tls/worker_uri.h"

#include "gmock/gmock.h"

namespace fp4::tls {
namespace {

TEST(WorkerUri, SaysTheNameAndNothingElseDoes) {
  EXPECT_EQ(WorkerNameOfUri(WorkerUri("gpu1.lab")), "gpu1.lab");
  for (const char* uri : {"", "fp4lab://worker/", "fp4lab://controller/gpu1", "https://worker/gpu1",
                          "fp4lab://worker/a/b", "fp4lab://worker/a%20b"}) {
    EXPECT_EQ(WorkerNameOfUri(uri), "") << uri;
  }
}

TEST(IsIdentityName, TakesWhatStandsInAUriAndAFileNameAsItIs) {
  EXPECT_TRUE(IsIdentityName("ann@lab.example_1-x"));
  EXPECT_TRUE(IsIdentityName(std::string(64, 'a')));
  EXPECT_FALSE(IsIdentityName(std::string(65, 'a')));
  EXPECT_FALSE(IsIdentityName("a b"));
  EXPECT_FALSE(IsIdentityName(""));
}

}  // namespace
}  // namespace fp4::tls
