#include "server/web/front.h"

#include <gmock/gmock.h>

#include <regex>

#include "tests/server/web/web_server.h"

namespace fp4::web {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FrontTest : public ::testing::Test {
 protected:
  // The folder of the page's parts, as the page names it.
  std::string Folder() {
    const std::string page = server_.Get("/")->body;
    std::smatch found;
    EXPECT_TRUE(std::regex_search(page, found, std::regex("src=\"(/assets/[0-9a-f]+/)app.js")));
    return found[1];
  }

  WebServer server_;
};

TEST_F(FrontTest, ThePageAnswersUnderItsOwnPaths) {
  for (const char* path : {"/", "/experiments/k7x2", "/runs/b2c3d4e5", "/queue", "/workers"}) {
    const httplib::Result page = server_.Get(path);
    EXPECT_EQ(page->status, 200) << path;
    EXPECT_THAT(page->get_header_value("Content-Type"), HasSubstr("text/html")) << path;
    EXPECT_THAT(page->body, Not(HasSubstr("{{"))) << path;
  }
}

TEST_F(FrontTest, EveryAnswerHasTheSecurityHeaders) {
  const std::string folder = Folder();
  const std::string paths[] = {"/", "/api/v1/experiments", "/api/v1/nothing", "/nothing",
                               folder + "app.js"};
  for (const std::string& path : paths) {
    const httplib::Result answer = server_.Get(path);
    const std::string policy = answer->get_header_value("Content-Security-Policy");
    EXPECT_THAT(policy, HasSubstr("default-src 'none'")) << path;
    EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'")) << path;
    EXPECT_THAT(policy, Not(HasSubstr("unsafe"))) << path;
    EXPECT_EQ(answer->get_header_value("X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(answer->get_header_value("Referrer-Policy"), "no-referrer") << path;
  }
}

TEST_F(FrontTest, ThePagesPartsAreKeptForEverAndThePageIsAskedForAgain) {
  const std::string folder = Folder();
  const char* parts[] = {"app.js", "style.css", "icon.svg", "dygraph.js", "dygraph.css"};
  for (const char* part : parts) {
    const httplib::Result answer = server_.Get(folder + part);
    EXPECT_EQ(answer->status, 200) << part;
    EXPECT_THAT(answer->get_header_value("Cache-Control"), HasSubstr("immutable")) << part;
  }
  EXPECT_EQ(server_.Get("/assets/0000000000000000/app.js")->status, 404);
  EXPECT_EQ(server_.Get(folder + "../front.cc")->status, 404);

  const std::string tag = server_.Get("/")->get_header_value("ETag");
  EXPECT_EQ(server_.Get("/", {{"If-None-Match", tag}})->status, 304);
}

TEST_F(FrontTest, EveryModuleThatAnotherImportsIsServed) {
  const std::string folder = Folder();
  std::vector<std::string> open = {"app.js"};
  std::set<std::string> seen(open.begin(), open.end());
  while (!open.empty()) {
    const httplib::Result module = server_.Get(folder + open.back());
    ASSERT_EQ(module->status, 200) << open.back();
    open.pop_back();
    const std::regex import("from \"\\./([a-z.]+)\"");
    for (std::sregex_iterator it(module->body.begin(), module->body.end(), import), end; it != end;
         ++it) {
      if (seen.insert((*it)[1]).second) open.push_back((*it)[1]);
    }
  }
  EXPECT_GT(seen.size(), 15);
}

TEST_F(FrontTest, AForeignHostNameIsRefused) {
  struct Case {
    std::string host;
    int status;
  };
  const Case cases[] = {{"evil.example", 403},
                        {"evil.example:4405", 403},
                        {"127.0.0.1.evil.example", 403},
                        {"localhost.evil.example", 403},
                        {"127.0.0.1:4405", 200},
                        {"localhost:9", 200},
                        {"[::1]:4405", 200},
                        {"LAB.example:80", 200},
                        {"10.0.0.7", 200},
                        {"fp4.localhost", 200}};
  for (const Case& one : cases) {
    EXPECT_EQ(server_.Get("/api/v1/version", {{"Host", one.host}})->status, one.status) << one.host;
  }
  // Probes and scrapers name hosts as they like.
  EXPECT_EQ(server_.Get("/healthz", {{"Host", "controller:4405"}})->status, 200);
}

TEST_F(FrontTest, OnlyGetAndHeadAreAllowed) {
  const httplib::Result post =
      server_.Client().Post("/api/v1/experiments", "{}", "application/json");
  EXPECT_EQ(post->status, 405);
  EXPECT_EQ(post->get_header_value("Allow"), "GET, HEAD");
  const httplib::Result head = server_.Client().Head("/api/v1/experiments");
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
}

}  // namespace
}  // namespace fp4::web
