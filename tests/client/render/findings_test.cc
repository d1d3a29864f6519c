#include "client/render/findings.h"

#include <gtest/gtest.h>

#include "tests/client/support/documents.h"

namespace fp4::client {
namespace {

v1::Health Frozen(const std::string& layer) { return FrozenLayer("r", 1, layer).health(); }

TEST(FindingsTest, OneFindingSpeaksForItself) {
  EXPECT_EQ(RenderFindings("fp4", {Frozen("blocks.0.mlp.up")}, {}),
            "⚠ fp4: frozen_layer (error) in blocks.0.mlp.up: has not changed\n");
}

TEST(FindingsTest, ManyOfOneCodeAreOneLine) {
  EXPECT_EQ(
      RenderFindings(
          "fp4", {Frozen("blocks.0.mlp.up"), Frozen("blocks.1.mlp.up"), Frozen("blocks.0.mlp.up")},
          {.unicode = false}),
      "! fp4: frozen_layer (error) in blocks.{0..1}.mlp.up: no gradient arrives and not a "
      "bit has changed\n");
}

TEST(FindingsTest, CodesStayApart) {
  v1::Health other;
  other.set_severity("warning");
  other.set_code("non_finite");
  other.set_message("loss at step 3");
  EXPECT_EQ(RenderFindings("", {Frozen("lm_head"), other}, {}),
            "⚠ frozen_layer (error) in lm_head: has not changed\n"
            "⚠ non_finite (warning): loss at step 3\n");
}

}  // namespace
}  // namespace fp4::client
