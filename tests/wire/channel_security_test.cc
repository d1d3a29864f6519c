#include "wire/channel_security.h"

#include <sys/stat.h>

#include <filesystem>

#include "base/ids.h"
#include "gmock/gmock.h"
#include "tls/authority.h"
#include "tls/secret_file.h"

namespace fp4::wire {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ChannelSecurityTest : public ::testing::Test {
 protected:
  ChannelSecurityTest() { fs::create_directories(folder_); }
  ~ChannelSecurityTest() override { fs::remove_all(folder_); }
  std::string Secret(const char* text) {
    const fs::path path = folder_ / "token";
    EXPECT_EQ(tls::MakeSecretFile(path, text), absl::OkStatus());
    return path;
  }

  const fs::path folder_ = fs::path(::testing::TempDir()) / ("security_" + RandomIds().NewId());
};

TEST_F(ChannelSecurityTest, NothingNamedIsPlainTextWithoutAToken) {
  const ChannelSecurity security = ReadChannelSecurity({}).value();
  EXPECT_FALSE(security.tls);
  EXPECT_EQ(security.token, "");
}

TEST_F(ChannelSecurityTest, ATokenOthersCouldReadIsNotUsed) {
  const std::string file = Secret("word\n");
  EXPECT_EQ(ReadChannelSecurity({.token = file}).value().token, "word");
  chmod(file.c_str(), 0644);
  EXPECT_THAT(std::string(ReadChannelSecurity({.token = file}).status().message()),
              HasSubstr("chmod 600"));
}

TEST_F(ChannelSecurityTest, AnEmptyTokenAndHalfACertificateAreErrors) {
  EXPECT_TRUE(absl::IsInvalidArgument(ReadChannelSecurity({.token = Secret("\n")}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      ReadChannelSecurity({.authority = "system", .certificate = "c"}).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(ReadChannelSecurity({.certificate = "c", .key = "k"}).status()));
}

TEST_F(ChannelSecurityTest, ATokenLeavesThisMachineOverTlsOnly) {
  const ChannelSecurity plain{.tls = {}, .token = "word"};
  const ChannelSecurity encrypted{.tls = tls::Files{}, .token = "word"};
  EXPECT_EQ(CheckTokenIsSafe("127.0.0.1:4404", plain), absl::OkStatus());
  EXPECT_EQ(CheckTokenIsSafe("lab:4404", encrypted), absl::OkStatus());
  EXPECT_EQ(CheckTokenIsSafe("lab:4404", {}), absl::OkStatus());
  EXPECT_THAT(std::string(CheckTokenIsSafe("lab:4404", plain).message()),
              HasSubstr("FP4_TLS_AUTHORITY"));
}

}  // namespace
}  // namespace fp4::wire
