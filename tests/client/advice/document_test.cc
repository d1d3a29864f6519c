#include "client/advice/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/document.h"

namespace fp4::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kRun[] =
    R"({"name": "a", "model": {"preset": "autoencoder-16", "layer_sizes": [32, 4, 32]},
        "data": {"source": "vectors"}, "training": {"steps": 30}, "seeds": [7],
        "precision": {"rules": [{"match": "layers.1", "use": "binary"}]},
        "sensitivity": {"formats": ["int8"], "every": 30, "advise": true}})";

std::string RunDocument() {
  const spec::ReadResult read = spec::ReadExperiment(kRun, {}, {});
  return spec::RunDocument(read.experiment.variants.at(0), 7);
}

spec::PredictedMove Units(int64_t units) {
  return {
      .move = {.kind = spec::MoveKind::kUnits, .layer = "layers.0", .recipe = {}, .units = units}};
}
spec::PredictedMove Bits() {
  return {.move = {.kind = spec::MoveKind::kBits, .layer = "layers.1", .recipe = "int8"}};
}

TEST(AdviceDocument, MovesAreVariantsBesideTheRunAsItWas) {
  const std::string run = RunDocument();
  const auto document = AdviceDocument(
      {.run_document = run, .description = "why", .moves = {Bits(), Units(2)}, .seeds = {1, 2}},
      OffersOf(run).value());
  ASSERT_TRUE(document.ok()) << document.status();
  const spec::ReadResult read = spec::ReadExperiment(*document, {}, {});
  ASSERT_TRUE(read.ok()) << read.problems.front().ToString("document");
  const auto& variants = read.experiment.variants;
  ASSERT_EQ(variants.size(), 3u);
  EXPECT_EQ(variants[0].name, "base");
  EXPECT_TRUE(variants[0].run.sensitivity.advise);
  EXPECT_EQ(variants[1].name, "layers.1-as-int8");
  EXPECT_EQ(variants[1].run.layers[1].recipe, "int8");
  EXPECT_FALSE(variants[1].run.sensitivity.on);
  EXPECT_THAT(variants[2].run.model.autoencoder.layer_sizes, ElementsAre(32, 6, 32));
  EXPECT_EQ(variants[2].run.layers[1].recipe, "binary");
  EXPECT_THAT(read.experiment.seeds, ElementsAre(1, 2));
  EXPECT_EQ(read.experiment.name, "a-advice");
  EXPECT_EQ(read.experiment.description, "why");
}

TEST(AdviceDocument, AMoveThatIsNotOfferedIsNamed) {
  const std::string run = RunDocument();
  const auto document =
      AdviceDocument({.run_document = run, .description = "", .moves = {Units(3)}, .seeds = {1}},
                     OffersOf(run).value());
  EXPECT_EQ(document.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(document.status().message()), HasSubstr("layers.0-plus-3"));
}

TEST(AdviceDocument, NoMoveIsAnError) {
  const auto document = AdviceDocument(
      {.run_document = RunDocument(), .description = "", .moves = {}, .seeds = {1}}, {});
  EXPECT_THAT(std::string(document.status().message()),
              HasSubstr("no move of the advice is predicted to gain anything"));
}

TEST(AdviceDocument, ADocumentThatCannotBeReadSaysWhy) {
  const auto offers = OffersOf(R"({"name": "a", "model": {"preset": "none"}})");
  EXPECT_EQ(offers.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(offers.status().message()), HasSubstr("model.preset"));
}

}  // namespace
}  // namespace fp4::client
