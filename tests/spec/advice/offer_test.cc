#include "spec/advice/offer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "spec/json.h"
#include "spec/layers.h"
#include "tests/spec/reading.h"

namespace fp4::spec {
namespace {

using ::testing::ElementsAre;

struct Advised {
  RunSpec run;
  std::string document;
  std::vector<Offer> offers;
};

Advised Advise(const std::string& text) {
  const Experiment experiment = ReadGood(text);
  Advised advised{.run = MakeRun(experiment.variants.at(0), 1),
                  .document = RunDocument(experiment.variants.at(0), 1),
                  .offers = {}};
  advised.offers = OfferMoves(advised.run, advised.document);
  return advised;
}

std::string Autoencoder(const std::string& sizes, const std::string& more) {
  return absl::StrCat(R"({"name": "a", "model": {"preset": "autoencoder-16", "layer_sizes": )",
                      sizes, R"(}, "data": {"source": "vectors"}, "training": {"steps": 10},
                      "sensitivity": {"formats": ["int8", "baseline"]})",
                      more, "}");
}

std::vector<std::string> NamesOf(const std::vector<Offer>& offers) {
  std::vector<std::string> names;
  for (const Offer& offer : offers) names.push_back(offer.move.name());
  return names;
}

const Offer& OfferOf(const Advised& advised, const std::string& name) {
  const auto found = std::ranges::find_if(
      advised.offers, [&name](const Offer& offer) { return offer.move.name() == name; });
  if (found == advised.offers.end()) ADD_FAILURE() << "no offer " << name;
  return found == advised.offers.end() ? advised.offers.front() : *found;
}

RunSpec WithChange(const Advised& advised, const Offer& offer) {
  Node document = ParseJson(advised.document).root;
  MergePatch(document, ParseJson(offer.change).root);
  return ReadRun(WriteJson(document));
}

TEST(Offer, BitsAreTheCandidatesWithMoreBytes) {
  const Advised advised = Advise(Autoencoder(
      "[32, 16, 32]", R"(, "precision": {"rules": [{"match": "layers.1", "use": "int8"}]})"));
  EXPECT_THAT(NamesOf(advised.offers),
              ElementsAre("layers.1-as-baseline", "layers.0-plus-1", "layers.0-plus-2",
                          "layers.0-plus-4", "layers.0-and-another"));
}

TEST(Offer, ExtraBytesAreThoseOfTheLayerTableAndTheChangeMakesThem) {
  const Advised advised = Advise(Autoencoder(
      "[64, 32, 4, 32, 64]",
      R"(, "precision": {"default": "int8", "rules": [{"match": "layers.3", "use": "binary"}]})"));
  ASSERT_EQ(advised.offers.size(), 3u + 2u + 3u * 4u);
  for (const Offer& offer : advised.offers) {
    const RunSpec wider = WithChange(advised, offer);
    EXPECT_EQ(StoredWeightBytes(wider) - StoredWeightBytes(advised.run), offer.extra_bytes)
        << offer.move.name();
    EXPECT_GT(offer.extra_bytes, 0) << offer.move.name();
  }
}

TEST(Offer, ALayerMoreMovesTheRulesOfThoseBehindIt) {
  const Advised advised = Advise(Autoencoder(
      "[64, 32, 4, 32, 64]",
      R"(, "precision": {"rules": [{"match": "layers.0", "use": "int8"}, {"match": "layers.3", "use": "binary"}]})"));
  const RunSpec deeper = WithChange(advised, OfferOf(advised, "layers.1-and-another"));
  EXPECT_THAT(deeper.model.autoencoder.layer_sizes, ElementsAre(64, 32, 4, 4, 32, 64));
  EXPECT_EQ(LayerOf(deeper, "layers.0").recipe, "int8");
  EXPECT_EQ(LayerOf(deeper, "layers.2").recipe, "baseline") << "the new one";
  EXPECT_EQ(LayerOf(deeper, "layers.3").recipe, "baseline");
  EXPECT_EQ(LayerOf(deeper, "layers.4").recipe, "binary");
}

TEST(Offer, AMoveThatWouldChangeTheOthersPrecisionIsNone) {
  // The range does not follow layers that get other numbers.
  const Advised advised = Advise(
      Autoencoder("[64, 32, 4, 32, 64]",
                  R"(, "precision": {"rules": [{"match": "layers.{1..2}", "use": "int8"}]})"));
  std::vector<std::string> behind;
  for (const Offer& offer : advised.offers)
    if (offer.move.kind == MoveKind::kLayer) behind.push_back(offer.move.layer);
  EXPECT_THAT(behind, ElementsAre("layers.2"));
}

TEST(Offer, AMoveThatTheDocumentRefusesIsNone) {
  // Blocks of 16 along `in` do not divide 17, 18 and 20.
  const Advised advised =
      Advise(Autoencoder("[64, 16, 64]", R"(, "precision": {"default": "nvfp4-weights"})"));
  for (const Offer& offer : advised.offers) EXPECT_NE(offer.move.kind, MoveKind::kUnits);
}

TEST(Offer, TheNarrowestLayerStaysTheNarrowest) {
  const Advised advised = Advise(Autoencoder("[64, 8, 8, 64]", ""));
  for (const Offer& offer : advised.offers) {
    EXPECT_FALSE(offer.move.kind == MoveKind::kUnits && offer.move.layer == "layers.0");
    EXPECT_EQ(WithChange(advised, offer).model.autoencoder.narrowest_layer(), 0);
  }
}

TEST(Offer, BitsAreNotOfferedWhereOthersDecideOnThem) {
  const char* precisions[] = {
      R"({"schedule": [{"from_step": 5, "use": "int8"}]})",
      R"({"budget": {"weight_bits": 20, "candidates": ["int8", "baseline"], "from_step": 2}})",
      R"({"default": "int8", "adaptive": {"error_above": 0.1}})"};
  for (const char* precision : precisions) {
    const Advised advised =
        Advise(Autoencoder("[32, 16, 32]", absl::StrCat(R"(, "precision": )", precision)));
    for (const Offer& offer : advised.offers) EXPECT_NE(offer.move.kind, MoveKind::kBits);
  }
}

TEST(Offer, TransformersGetWiderFeedForwardPartsAndOneMoreBlock) {
  const Advised advised = Advise(
      R"({"name": "a", "model": {"preset": "micro"}, "data": {"source": "synthetic"},
          "training": {"steps": 10}, "sensitivity": {"formats": ["baseline"]}})");
  EXPECT_THAT(NamesOf(advised.offers),
              ElementsAre("blocks.all.mlp.up-plus-32", "blocks.all.mlp.up-plus-64",
                          "blocks.all.mlp.up-plus-128", "blocks.3-and-another"));
  EXPECT_EQ(advised.offers[0].places.size(), 4u);
  EXPECT_EQ(WithChange(advised, advised.offers[0]).model.d_ff, 544);
  EXPECT_EQ(WithChange(advised, advised.offers[3]).model.num_layers, 5);
}

TEST(Offer, AKindThatDoesNotSayHowItGrowsOffersBitsAlone) {
  const Advised advised = Advise(
      R"({"name": "a", "model": {"preset": "cnn-small"}, "data": {"source": "images"},
          "training": {"steps": 10}, "precision": {"default": "int8"},
          "sensitivity": {"formats": ["baseline"]}})");
  EXPECT_THAT(NamesOf(advised.offers),
              ElementsAre("stages.0.conv-as-baseline", "stages.1.conv-as-baseline",
                          "stages.2.conv-as-baseline"));
}

PredictedMove Predicted(const std::string& layer, MoveKind kind, int64_t units, int64_t bytes,
                        double gain) {
  return {.move = {.kind = kind, .layer = layer, .recipe = "int8", .units = units},
          .extra_bytes = bytes,
          .gain = gain};
}

TEST(Moves, AreOrderedByWhatTheirLayerCanGainThenPerByte) {
  std::vector<PredictedMove> moves = {
      Predicted("a", MoveKind::kUnits, 1, 10, 1), Predicted("b", MoveKind::kBits, 0, 1000, 3),
      Predicted("b", MoveKind::kUnits, 4, 400, 2), Predicted("c", MoveKind::kLayer, 0, 1, -1)};
  SortMoves(moves);
  std::vector<std::string> names;
  for (const PredictedMove& move : moves) names.push_back(move.move.name());
  EXPECT_THAT(names, ElementsAre("b-plus-4", "b-as-int8", "a-plus-1", "c-and-another"));
  EXPECT_EQ(FormatMoves(moves).substr(0, 4), "move");
}

}  // namespace
}  // namespace fp4::spec
