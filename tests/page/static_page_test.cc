#include "page/static_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fp4::page {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(StaticPageTest, HasNoScriptAndForbidsThem) {
  const std::string html =
      RenderStatic({.program = "fp4ctl", .title = "a <b>", .body = "<p>body</p>"});
  EXPECT_THAT(html, HasSubstr("<title>a &lt;b&gt;</title>"));
  EXPECT_THAT(html, HasSubstr("<p>body</p>"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'; style-src 'unsafe-inline'"));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("http://")));
  EXPECT_THAT(html, Not(HasSubstr("https://")));
}

}  // namespace
}  // namespace fp4::page
