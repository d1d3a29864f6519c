#include "spec/pattern.h"

#include <gtest/gtest.h>

#include "spec/layers.h"

namespace fp4::spec {
namespace {

struct Case {
  const char* pattern;
  const char* layer;
  bool matches;
};

TEST(PatternMatches, WholeSegments) {
  const Case cases[] = {
      {"lm_head", "lm_head", true},
      {"lm_head", "lm_head2", false},
      {"lm_", "lm_head", false},
      {"*", "lm_head", true},
      {"*", "blocks.0.mlp.up", false},
      {"**", "blocks.0.mlp.up", true},
      {"**", "embedding", true},
      {"**.**", "embedding", true},
      {"blocks", "blocks.0.mlp.up", false},
      {"blocks.**", "blocks.0.mlp.up", true},
      {"blocks.**", "embedding", false},
      {"blocks.1", "blocks.10", false},
      {"blocks.1.**", "blocks.10.mlp.up", false},
      {"blocks.1*.**", "blocks.10.mlp.up", true},
      {"blocks.1*.**", "blocks.1.mlp.up", true},
      {"blocks.*.mlp.*", "blocks.7.mlp.down", true},
      {"blocks.*.mlp.*", "blocks.7.attention.out", false},
      {"blocks.*.mlp", "blocks.7.mlp.down", false},
      {"**.up", "blocks.7.mlp.up", true},
      {"**.mlp.**", "blocks.7.mlp.up", true},
      {"blocks.**.blocks", "blocks.7.mlp.up", false},
      {"*.*.*.*", "blocks.7.mlp.up", true},
      {"*.*.*", "blocks.7.mlp.up", false},
      {"blocks.7.mlp.*p", "blocks.7.mlp.up", true},
      {"blocks.7.mlp.u*p", "blocks.7.mlp.up", true},
      {"blocks.7.mlp.up*", "blocks.7.mlp.up", true},
      {"blocks.7.*.q*v", "blocks.7.attention.qkv", true},
      {"blocks.7.*.*k*", "blocks.7.attention.qkv", true},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(PatternMatches(each.pattern, each.layer), each.matches)
        << each.pattern << " on " << each.layer;
  }
}

TEST(PatternMatches, RangesAndChoices) {
  const Case cases[] = {
      {"blocks.{4..5}.**", "blocks.3.mlp.up", false},
      {"blocks.{4..5}.**", "blocks.4.mlp.up", true},
      {"blocks.{4..5}.**", "blocks.5.mlp.up", true},
      {"blocks.{4..5}.**", "blocks.6.mlp.up", false},
      {"blocks.{4..5}.**", "blocks.45.mlp.up", false},
      {"blocks.{0..11}.**", "blocks.10.mlp.up", true},
      {"blocks.{0..11}.**", "blocks.12.mlp.up", false},
      {"blocks.1{0..1}.**", "blocks.11.mlp.up", true},
      {"blocks.1{0..1}.**", "blocks.1.mlp.up", false},
      {"blocks.{0,11}.**", "blocks.11.mlp.up", true},
      {"blocks.{0,11}.**", "blocks.1.mlp.up", false},
      {"blocks.*.{attention,mlp}.{up,out}", "blocks.1.attention.out", true},
      {"blocks.*.{attention,mlp}.{up,out}", "blocks.1.attention.qkv", false},
      {"{embedding,lm_head}", "embedding", true},
      {"{embed,lm_}*", "lm_head", true},
      {"{a,ab}b", "abb", true},
      {"{lm_head}", "lm_head", true},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(PatternMatches(each.pattern, each.layer), each.matches)
        << each.pattern << " on " << each.layer;
  }
}

TEST(ParsePattern, MalformedPatternIsAnErrorAndMatchesNothing) {
  for (const char* pattern :
       {"",      ".",      "a.",     ".a",      "a..b",    "***",    "a**",      "**a",
        "{",     "}",      "{}",     "{a",      "a}",      "{a,}",   "{,}",      "{1..}",
        "{..2}", "{2..1}", "{a..b}", "{-1..2}", "{a.b,c}", "{a*,b}", "{a,{b,c}}"}) {
    EXPECT_FALSE(ParsePattern(pattern).ok()) << pattern;
    EXPECT_FALSE(PatternMatches(pattern, "blocks.0.mlp.up")) << pattern;
  }
  EXPECT_FALSE(ParsePattern(std::string(201, 'a')).ok());
}

// No pattern may take the time that its stars would take by trying everything.
TEST(PatternMatches, ManyStarsStayCheap) {
  std::string stars;
  for (int i = 0; i < 60; ++i) stars += "*a";
  EXPECT_FALSE(PatternMatches(stars + "b", std::string(100, 'a')));
  std::string segments = "**";
  for (int i = 0; i < 60; ++i) segments += ".**";
  EXPECT_TRUE(PatternMatches(segments, "blocks.0.attention.qkv"));
}

}  // namespace
}  // namespace fp4::spec
