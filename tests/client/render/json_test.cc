#include "client/render/json.h"

#include <gtest/gtest.h>

#include "tests/client/support/documents.h"

namespace fp4::client {
namespace {

TEST(SubmissionJsonTest, IsTheContract) {
  EXPECT_EQ(SubmissionJson(MakeExperiment({"baseline", "fp4"})),
            R"({"experiment":"k7x2m9qd","runs":[{"id":"run0000a","variant":"baseline","seed":1},)"
            R"({"id":"run0000b","variant":"fp4","seed":1}]})");
}

}  // namespace
}  // namespace fp4::client
