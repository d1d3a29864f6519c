#include "server/access/gatekeeper.h"

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "gmock/gmock.h"
#include "server/access/token.h"
#include "tests/support/fake_clock.h"

namespace fp4::access {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class GatekeeperTest : public ::testing::Test {
 protected:
  // The text of a new token.
  std::string Make(const std::string& name, Role role = Role::kViewer) {
    TokenText text = NewToken(absl::StrCat("token00", ++num_made_));
    gatekeeper_.Put({.id = text.id,
                     .sha256 = HashSecret(text.secret),
                     .name = name,
                     .role = role,
                     .projects = {}});
    return text.ToString();
  }
  void Change(const std::string& text, const std::function<void(TokenRecord&)>& change) {
    const TokenText parsed = *ParseToken(text);
    TokenRecord record{
        .id = parsed.id, .sha256 = HashSecret(parsed.secret), .name = "ann", .projects = {}};
    change(record);
    gatekeeper_.Put(record);
  }
  absl::StatusOr<Caller> Identify(const std::string& bearer,
                                  const std::string& address = "1.2.3.4:5") {
    return gatekeeper_.Identify(
        {.bearer = bearer, .certificate = {}, .token_id = {}, .address = address});
  }

  fp4::testing::FakeClock clock_;
  Gatekeeper gatekeeper_{clock_, /*required=*/false};
  int num_made_ = 0;
};

TEST_F(GatekeeperTest, NobodyIsAskedBeforeThereIsATokenAndEverybodyFromThenOn) {
  EXPECT_TRUE(Identify("")->open);
  const std::string text = Make("ann", Role::kAdmin);
  EXPECT_TRUE(absl::IsUnauthenticated(Identify("").status()));
  const absl::StatusOr<Caller> ann = Identify(text);
  ASSERT_TRUE(ann.ok());
  EXPECT_EQ(ann->name, "ann");
  EXPECT_EQ(ann->role, Role::kAdmin);
  EXPECT_FALSE(ann->open);
}

TEST_F(GatekeeperTest, WhereItIsRequiredNobodyGetsInWhileThereIsNoToken) {
  Gatekeeper strict(clock_, /*required=*/true);
  EXPECT_TRUE(absl::IsUnauthenticated(
      strict.Identify({.bearer = {}, .certificate = {}, .token_id = {}, .address = "x"}).status()));
}

TEST_F(GatekeeperTest, ATokenThatIsNotInForceIsRefusedWithTheReasonButNeverItsText) {
  const std::string good = Make("ann");
  std::string other = good;
  other.back() = other.back() == '0' ? '1' : '0';
  const std::string expired = Make("bob"), revoked = Make("cat");
  Change(expired, [&](TokenRecord& token) { token.expire_time = clock_.Now(); });
  Change(revoked, [&](TokenRecord& token) { token.revoke_time = clock_.Now(); });
  for (const auto& [text, why] : {std::pair(other, "not known"),
                                  {expired, "expired"},
                                  {revoked, "revoked"},
                                  {std::string("hunter2"), "none"}}) {
    const absl::Status status = Identify(text).status();
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << why;
    EXPECT_EQ(ReasonOf(status), reason::kUnauthenticated);
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr(text)));
  }
}

TEST_F(GatekeeperTest, AWorkersCertificateIsAWorkersIdentity) {
  Make("ann");
  const auto caller = gatekeeper_.Identify(
      {.bearer = {}, .certificate = "gpu1", .token_id = {}, .address = "1.2.3.4:5"});
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->role, Role::kWorker);
  EXPECT_EQ(caller->WorkerOwner(), "gpu1");
}

TEST_F(GatekeeperTest, ManyFailuresOfAnAddressMakeItWaitAndAGoodTokenIsLetInAllTheSame) {
  const std::string good = Make("ann");
  absl::Status last;
  for (int i = 0; i < 20; ++i) last = Identify("wrong").status();
  EXPECT_EQ(ReasonOf(last), reason::kTooManyCalls);
  EXPECT_THAT(std::string(last.message()), HasSubstr("1.2.3.4"));
  EXPECT_TRUE(Identify(good).ok());
  EXPECT_TRUE(absl::IsUnauthenticated(Identify("wrong", "9.9.9.9:1").status()));
  clock_.Advance(absl::Minutes(2));
  EXPECT_TRUE(absl::IsUnauthenticated(Identify("wrong").status()));
}

TEST_F(GatekeeperTest, AnIdentityThatCallsTooOftenIsSlowedDownAndNobodyElse) {
  const std::string greedy = Make("ann"), other = Make("bob");
  absl::Status last;
  for (int i = 0; i < static_cast<int>(kCallBurst) + 1; ++i) last = Identify(greedy).status();
  EXPECT_EQ(ReasonOf(last), reason::kTooManyCalls);
  EXPECT_TRUE(Identify(other).ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(Identify(greedy).ok());
}

TEST_F(GatekeeperTest, UsesOfTokensAreToldOnce) {
  const std::string text = Make("ann");
  ASSERT_TRUE(Identify(text).ok());
  EXPECT_THAT(gatekeeper_.TakeUses(),
              UnorderedElementsAre(Pair(ParseToken(text)->id, clock_.Now())));
  EXPECT_THAT(gatekeeper_.TakeUses(), IsEmpty());
}

TEST(HostOf, IsTheAddressWithoutItsPort) {
  EXPECT_EQ(HostOf("ipv4:10.0.0.7:5000"), "10.0.0.7");
  EXPECT_EQ(HostOf("10.0.0.7:5000"), "10.0.0.7");
  EXPECT_EQ(HostOf("ipv6:%5B::1%5D:5000"), "::1");
  EXPECT_EQ(HostOf("[fe80::1]:5000"), "fe80::1");
  EXPECT_EQ(HostOf(""), "");
}

}  // namespace
}  // namespace fp4::access
