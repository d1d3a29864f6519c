#include "tls/authority.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/ids.h"
#include "gmock/gmock.h"
#include "tls/certificate.h"

namespace fp4::tls {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AuthorityTest : public ::testing::Test {
 protected:
  ~AuthorityTest() override { fs::remove_all(folder_); }

  Authority Open(const char* name = "tls") {
    return Authority::OpenOrMake(folder_ / name, {}, now_).value();
  }
  static std::string Text(const fs::path& file) { return ReadFile(file).value(); }
  // What is said of a worker's certificate by the authority in `by`.
  absl::StatusOr<std::string> Verify(const Files& files, const fs::path& by, absl::Time when) {
    return VerifyWorker(Text(files.certificate), Text(by), when);
  }

  const fs::path folder_ = fs::path(::testing::TempDir()) / ("authority_" + RandomIds().NewId());
  const absl::Time now_ = absl::FromUnixSeconds(1767323045);
};

TEST_F(AuthorityTest, AWorkersCertificateProvesItsNameToWhoBelievesTheAuthority) {
  const Files files = Open().IssueWorker("gpu1", now_).value();
  EXPECT_EQ(CheckPair(files), absl::OkStatus());
  EXPECT_EQ(Verify(files, files.authority, now_).value(), "gpu1");
}

TEST_F(AuthorityTest, AWorkersCertificateIsRefusedWithTheReason) {
  const Authority authority = Open(), other = Open("other");
  const Files worker = authority.IssueWorker("gpu1", now_).value();
  const Files stranger = other.IssueWorker("gpu1", now_).value();
  const Files controller = authority.IssueController({"lab"}, now_).value();
  const fs::path ours = worker.authority;
  const absl::Time later = now_ + 366 * absl::Hours(24), before = now_ - absl::Hours(2);
  struct Case {
    absl::Status status;
    const char* why;
  };
  for (const Case& refused : {Case{Verify(stranger, ours, now_).status(), "certificate"},
                              Case{Verify(worker, ours, later).status(), "certificate has expired"},
                              Case{Verify(worker, ours, before).status(), "not yet valid"},
                              Case{Verify(controller, ours, now_).status(), "purpose"}}) {
    EXPECT_TRUE(absl::IsUnauthenticated(refused.status)) << refused.why;
    EXPECT_THAT(std::string(refused.status.message()), HasSubstr(refused.why));
    EXPECT_THAT(std::string(refused.status.message()), HasSubstr("CN = "));
  }
}

TEST_F(AuthorityTest, TheControllersCertificateIsGoodForItsNamesAndAddresses) {
  const Files files = Open().IssueController({"lab.example.org", "10.0.0.7", "::1"}, now_).value();
  const Certificate certificate = ReadCertificateFile(files.certificate).value();
  EXPECT_THAT(certificate.names, ElementsAre("lab.example.org", "10.0.0.7", "::1"));
  EXPECT_EQ(certificate.not_after, now_ + 365 * absl::Hours(24));
}

TEST_F(AuthorityTest, KeysAreTheirOwnersOnlyAndTheAuthorityIsMadeOnce) {
  Open();
  const std::string first = Text(folder_ / "tls/authority.pem");
  const Files files = Open().IssueWorker("gpu1", now_).value();
  EXPECT_EQ(Text(folder_ / "tls/authority.pem"), first);
  for (const fs::path& key : {files.key, folder_ / "tls/authority.key"}) {
    struct stat info {};
    ASSERT_EQ(stat(key.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << key;
  }
}

TEST_F(AuthorityTest, NamesThatWouldBreakOutOfTheCertificateAreRefused) {
  const Authority authority = Open();
  for (const char* name : {"", "a,DNS:evil", "a b", "../x"}) {
    EXPECT_FALSE(authority.IssueWorker(name, now_).ok()) << name;
    EXPECT_FALSE(authority.IssueController({name}, now_).ok()) << name;
  }
}

TEST_F(AuthorityTest, AKeyOfAnotherCertificateIsNoPair) {
  const Authority authority = Open();
  const Files a = authority.IssueWorker("a", now_).value(),
              b = authority.IssueWorker("b", now_).value();
  EXPECT_THAT(std::string(CheckPair({.certificate = a.certificate, .key = b.key}).message()),
              HasSubstr("is not the key of"));
}

}  // namespace
}  // namespace fp4::tls
