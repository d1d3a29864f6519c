// The engine of the pages: what is in every page, and that nothing in it can break the page.
#include "page/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "page/files.h"

namespace fp4::page {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

size_t Count(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(PageTest, IsOneFileThatFetchesNothing) {
  const std::string page = Render({.program = "fp4-x",
                                   .title = "a < b",
                                   .body = "<p>body</p>",
                                   .data = {{"x", 1}},
                                   .script = "draw();"});
  EXPECT_THAT(page, HasSubstr("<title>a &lt; b</title>"));
  EXPECT_THAT(page, HasSubstr("Made by fp4-x "));
  EXPECT_THAT(page, HasSubstr("Chart.js v3.9.1"));
  EXPECT_THAT(page, HasSubstr("The above copyright notice and this permission notice"));
  EXPECT_EQ(Count(page, "</script>"), 3u);
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_THAT(page, Not(HasSubstr("<link")));
  EXPECT_THAT(page, Not(HasSubstr("url(")));
}

// As the build reads them, byte for byte.
TEST(PageTest, EmbedsItsFilesWhole) {
  EXPECT_EQ(kCommonJs, *ReadFile(FP4_PAGE_FOLDER "/common.js"));
  EXPECT_EQ(kPageCss, *ReadFile(FP4_PAGE_FOLDER "/page.css"));
  EXPECT_EQ(kChartJs, *ReadFile(FP4_CHART_JS));
}

TEST(PageTest, FillsTemplatesOnce) {
  EXPECT_EQ(FillTemplate("{{a}}-{{b}}", {{"a", "{{b}}"}, {"b", "x"}}), "{{b}}-x");
  EXPECT_EQ(FillTemplate("no names }}", {}), "no names }}");
}

TEST(PageTest, ChartNumbersAreShortOrNull) {
  EXPECT_EQ(ChartNumber(0.1234567891).dump(), "0.123457");
  EXPECT_EQ(ChartNumber(kNaN).dump(), "null");
  EXPECT_EQ(ScriptJson({{"<a>", "\xFF"}}), "{\"\\u003ca>\":\"\uFFFD\"}");
}

}  // namespace
}  // namespace fp4::page
