#include "client/target.h"

#include <gtest/gtest.h>

#include "base/reasons.h"
#include "tests/client/support/documents.h"
#include "tests/client/support/fake_service.h"

namespace fp4::client {
namespace {

class TargetTest : public ::testing::Test {
 protected:
  TargetTest() : connection_(service_.address()) {
    experiment_ = MakeExperiment({"baseline", "fp4"});
    service_.SetExperiment(experiment_);
  }

  FakeService service_;
  Connection connection_;
  v1::Experiment experiment_;
};

TEST_F(TargetTest, FindsExperimentsAndRunsByPrefix) {
  EXPECT_FALSE(FindTarget(connection_, "k7")->is_run);
  EXPECT_EQ(FindTarget(connection_, "k7")->runs().size(), 2u);
  EXPECT_TRUE(FindTarget(connection_, "run0000b")->is_run);
  EXPECT_EQ(FindTarget(connection_, "run0000b")->id(), "run0000b");
}

TEST_F(TargetTest, TellsUnknownFromAmbiguous) {
  EXPECT_TRUE(absl::IsNotFound(FindTarget(connection_, "zzz").status()));
  EXPECT_EQ(ReasonOf(FindTarget(connection_, "run").status()), reason::kAmbiguousId);
}

TEST_F(TargetTest, APrefixOfBothIsAmbiguousAndAWholeIdIsNot) {
  experiment_.mutable_runs(0)->set_id("k7x2");
  service_.SetExperiment(experiment_);
  EXPECT_EQ(ReasonOf(FindTarget(connection_, "k7").status()), reason::kAmbiguousId);
  EXPECT_TRUE(FindTarget(connection_, "k7x2")->is_run);
  EXPECT_FALSE(FindTarget(connection_, "k7x2m9qd")->is_run);
}

}  // namespace
}  // namespace fp4::client
