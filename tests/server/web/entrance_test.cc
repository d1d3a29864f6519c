// Logging in and out over HTTP, and what other sites' pages may not do.
#include "server/web/entrance.h"

#include "gmock/gmock.h"
#include "server/access/token.h"
#include "tests/server/web/web_server.h"
#include "tests/support/fake_clock.h"

namespace fp4::web {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class EntranceTest : public ::testing::Test {
 protected:
  EntranceTest() {
    const access::TokenText text = access::NewToken("viewer00");
    server_.rpc().gatekeeper().Put({.id = text.id,
                                    .sha256 = access::HashSecret(text.secret),
                                    .name = "ann",
                                    .role = access::Role::kViewer,
                                    .projects = {}});
    token_ = text.ToString();
  }

  httplib::Headers Login() const { return {{"Authorization", "Bearer " + token_}, {"X-Fp4", "1"}}; }
  httplib::Result Post(const std::string& path, const httplib::Headers& headers) const {
    return server_.Client().Post(path, headers, "", "");
  }
  // "fp4_session=…", as a browser sends it back.
  static std::string CookieOf(const httplib::Result& answer) {
    const std::string cookie = answer->get_header_value("Set-Cookie");
    return cookie.substr(0, cookie.find(';'));
  }

  fp4::testing::FakeClock clock_;
  WebServer server_{clock_};
  std::string token_;
};

TEST_F(EntranceTest, TheApiAndTheMetricsAskWhoCallsAndThePageAndHealthDoNot) {
  for (const char* path : {"/api/v1/runs", "/api/v1/watch", "/metrics"}) {
    const auto answer = server_.Get(path);
    EXPECT_EQ(answer->status, 401) << path;
    EXPECT_THAT(answer->body, HasSubstr("UNAUTHENTICATED")) << path;
    EXPECT_EQ(server_.Get(path, {{"Authorization", "Bearer x"}})->status, 401) << path;
  }
  EXPECT_EQ(server_.Get("/")->status, 200);
  EXPECT_EQ(server_.Get("/healthz")->status, 200);
  EXPECT_EQ(server_.Get("/metrics", {{"Authorization", "Bearer " + token_}})->status, 200);
}

TEST_F(EntranceTest, ALoginGivesACookieThatNoScriptAndNoOtherSiteSeesUntilTheLogout) {
  const auto login = Post("/api/v1/login", Login());
  ASSERT_EQ(login->status, 200) << login->body;
  const std::string cookie = login->get_header_value("Set-Cookie");
  EXPECT_THAT(cookie, HasSubstr("HttpOnly"));
  EXPECT_THAT(cookie, HasSubstr("SameSite=Strict"));
  EXPECT_THAT(cookie, Not(HasSubstr(token_)));
  const httplib::Headers session = {{"Cookie", "other=1; " + CookieOf(login)}, {"X-Fp4", "1"}};
  EXPECT_EQ(server_.Get("/api/v1/runs", session)->status, 200);
  EXPECT_EQ(Post("/api/v1/logout", session)->status, 200);
  EXPECT_EQ(server_.Get("/api/v1/runs", session)->status, 401);
}

TEST_F(EntranceTest, ASessionEndsWithItsToken) {
  const httplib::Headers session = {{"Cookie", CookieOf(Post("/api/v1/login", Login()))}};
  ASSERT_EQ(server_.Get("/api/v1/runs", session)->status, 200);
  const access::TokenText text = *access::ParseToken(token_);
  server_.rpc().gatekeeper().Put({.id = text.id,
                                  .sha256 = access::HashSecret(text.secret),
                                  .name = "ann",
                                  .role = access::Role::kViewer,
                                  .projects = {},
                                  .revoke_time = absl::Now()});
  EXPECT_EQ(server_.Get("/api/v1/runs", session)->status, 401);
}

TEST_F(EntranceTest, ASessionEndsAfterTwelveHoursByTheClockThatNobodySets) {
  const auto login = Post("/api/v1/login", Login());
  EXPECT_THAT(login->get_header_value("Set-Cookie"), HasSubstr("Max-Age=43200"));
  const httplib::Headers session = {{"Cookie", CookieOf(login)}};
  clock_.JumpTo(clock_.Now() + absl::Hours(24));
  EXPECT_EQ(server_.Get("/api/v1/runs", session)->status, 200);
  clock_.Advance(absl::Hours(12) - absl::Seconds(1));
  EXPECT_EQ(server_.Get("/api/v1/runs", session)->status, 200);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(server_.Get("/api/v1/runs", session)->status, 401);
  // The next login does not bring it back.
  const httplib::Headers next = {{"Cookie", CookieOf(Post("/api/v1/login", Login()))}};
  EXPECT_EQ(server_.Get("/api/v1/runs", next)->status, 200);
  EXPECT_EQ(server_.Get("/api/v1/runs", session)->status, 401);
}

TEST_F(EntranceTest, WhatAnotherSitesPageAsksForIsRefused) {
  httplib::Headers without = Login(), other_origin = Login(), other_site = Login(),
                   other_host = Login();
  without.erase("X-Fp4");
  other_origin.emplace("Origin", "https://evil.example");
  other_site.emplace("Sec-Fetch-Site", "cross-site");
  other_host.emplace("Host", "evil.example");
  for (const httplib::Headers& headers : {without, other_origin, other_site, other_host}) {
    EXPECT_EQ(Post("/api/v1/login", headers)->status, 403);
    EXPECT_EQ(Post("/api/v1/logout", headers)->status, 403);
  }
}

TEST_F(EntranceTest, NothingElseIsPostedAndNothingHasABody) {
  EXPECT_EQ(Post("/api/v1/runs", Login())->status, 405);
  EXPECT_EQ(server_.Client().Post("/api/v1/login", Login(), "x", "text/plain")->status, 405);
}

}  // namespace
}  // namespace fp4::web
