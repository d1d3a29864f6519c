#include "tls/secret_file.h"

#include <sys/stat.h>

#include "base/ids.h"
#include "gmock/gmock.h"

namespace fp4::tls {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SecretFileTest : public ::testing::Test {
 protected:
  ~SecretFileTest() override { fs::remove(path_); }
  const fs::path path_ = fs::path(::testing::TempDir()) / ("secret_" + RandomIds().NewId());
};

TEST_F(SecretFileTest, IsMadeForItsOwnerAndReadWithoutBlanksAtItsEnds) {
  ASSERT_EQ(MakeSecretFile(path_, "word\n"), absl::OkStatus());
  EXPECT_EQ(ReadSecretFile(path_).value(), "word");
  EXPECT_TRUE(absl::IsAlreadyExists(MakeSecretFile(path_, "other")));
  ASSERT_EQ(ReplaceSecretFile(path_, "other"), absl::OkStatus());
  EXPECT_EQ(ReadSecretFile(path_).value(), "other");
}

TEST_F(SecretFileTest, OneThatOthersMayReadIsRefusedWithItsMode) {
  ASSERT_EQ(MakeSecretFile(path_, "word"), absl::OkStatus());
  for (const mode_t mode : {0640, 0604, 0620}) {
    chmod(path_.c_str(), mode);
    const absl::Status status = ReadSecretFile(path_).status();
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << mode;
    EXPECT_THAT(std::string(status.message()), HasSubstr("chmod 600"));
  }
}

TEST_F(SecretFileTest, AFolderAndAMissingFileAreNamed) {
  EXPECT_THAT(std::string(ReadSecretFile(::testing::TempDir()).status().message()),
              HasSubstr("no regular file"));
  EXPECT_TRUE(absl::IsNotFound(ReadSecretFile(path_).status()));
}

}  // namespace
}  // namespace fp4::tls
