// `metrics` and `compare` when a name is wrong.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/client/support/command_fixture.h"

namespace fp4::client {
namespace {

class MeasuredTest : public CommandFixture {
 protected:
  MeasuredTest() {
    v1::Series series;
    series.set_name("train/loss");
    series.add_points()->set_value(2.5);
    service_.SetSeries(series);
    v1::CompareResponse comparison;
    comparison.set_experiment_id("k7x2m9qd");
    comparison.set_metric("train/los");
    comparison.add_variants()->set_name("baseline");
    service_.SetComparison(comparison);
  }
};

TEST_F(MeasuredTest, AMetricThatIsNotThereIsNamedWithThoseThatAre) {
  const std::vector<std::vector<std::string>> lines = {
      {"metrics", "run0000a", "--name", "train/los"},
      {"metrics", "k7x2m9qd", "--name", "train/los", "-o", "json"},
      {"compare", "k7x2m9qd", "--metric", "train/los"}};
  for (const auto& line : lines) {
    Command command = Run(line);
    EXPECT_EQ(command.Wait(), 4) << command.err();
    EXPECT_EQ(command.out(), "");
    EXPECT_EQ(command.err(),
              "fp4ctl: no metric 'train/los' here; did you mean 'train/loss'; allowed: "
              "train/loss\n");
  }
}

TEST_F(MeasuredTest, AReferenceThatIsNoVariantIsNamedWithTheVariants) {
  service_.FailCompare(RpcError(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT",
                                "reference: 'zzz' is not a variant of this experiment; allowed: "
                                "baseline, fp4"));
  Command command = Run({"compare", "k7x2m9qd", "--reference", "zzz"});
  EXPECT_EQ(command.Wait(), 4);
  EXPECT_EQ(command.err(),
            "fp4ctl: --reference: 'zzz' is not a variant of this experiment; allowed: baseline, "
            "fp4\n");
}

TEST_F(MeasuredTest, AQuestionThatMakesNoSenseIsABadCommandLine) {
  service_.FailCompare(RpcError(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT",
                                "at: time can be compared on one machine only"));
  Command refused = Run({"compare", "k7x2m9qd", "--at", "time"});
  EXPECT_EQ(refused.Wait(), 2);
  EXPECT_EQ(refused.err(), "fp4ctl: --at: time can be compared on one machine only\n");
  for (const std::vector<std::string>& bad : {std::vector<std::string>{"--margin", "0"},
                                              {"--margin", "-1"},
                                              {"--margin", "x"},
                                              {"--margin", ""},
                                              {"--margin", "%"},
                                              {"--margin", "0%"},
                                              {"--margin", "-2%"},
                                              {"--margin", "2 %"},
                                              {"--margin", "nan%"},
                                              {"--last", "0"},
                                              {"--at", "miles"}}) {
    Command command = Run({"compare", "k7x2m9qd", bad[0], bad[1]});
    EXPECT_EQ(command.Wait(), 2) << bad[0] << " " << bad[1];
    EXPECT_NE(command.err().find(bad[0]), std::string::npos) << command.err();
  }
}

TEST_F(MeasuredTest, AMarginIsANumberOrAShareOfTheReferencesMean) {
  v1::CompareResponse comparison;
  comparison.set_reference("baseline");
  comparison.set_metric("val/loss");
  comparison.add_variants()->set_name("other");
  v1::VariantComparison* reference = comparison.add_variants();
  reference->set_name("baseline");
  const auto margin_for = [&](const std::string& text) {
    service_.SetComparison(comparison);
    Command command = Run({"compare", "k7x2m9qd", "--margin", text, "-o", "json"});
    EXPECT_EQ(command.Wait(), 0) << command.err();
    return nlohmann::json::parse(command.out()).at("margin").get<double>();
  };
  reference->set_n(3);
  reference->set_mean(-4);
  EXPECT_EQ(margin_for("0.5"), 0.5);
  EXPECT_EQ(margin_for("2.5%"), 0.1);
  for (const auto& [n, mean] : {std::pair(0, 4.0), {3, 0.0}, {3, std::nan("")}}) {
    reference->set_n(n);
    reference->set_mean(mean);
    service_.SetComparison(comparison);
    Command command = Run({"compare", "k7x2m9qd", "--margin", "2.5%"});
    EXPECT_EQ(command.Wait(), 1);
    EXPECT_EQ(command.err(),
              "fp4ctl: --margin: is a share of val/loss of 'baseline', which has no finite value "
              "yet, or 0; give the margin in the metric's unit\n");
  }
}

}  // namespace
}  // namespace fp4::client
