#include "server/core/variant_differences.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "spec/document.h"

namespace fp4::core {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<VariantDocument> Resolve(const std::string& text, const std::string& folder = "/") {
  const spec::ReadResult result = spec::ReadExperiment(text, {}, {.base_folder = folder});
  EXPECT_TRUE(result.ok());
  std::vector<VariantDocument> documents;
  for (const spec::Variant& variant : result.experiment.variants) {
    documents.push_back({variant.name, variant.resolved_document});
  }
  return documents;
}

std::vector<VariantDocument> Variants(const std::string& variants) {
  return Resolve(R"({"schema_version": 1, "name": "demo", "model": {"preset": "micro"},
                     "data": {"source": "synthetic"}, "training": {"steps": 40}, "variants": )" +
                 variants + "}");
}

TEST(UnintendedDifferences, TheTiedHeadOfThePublishedExperimentIsFound) {
  const auto text = ReadFile(FP4_SOURCE_DIR "/examples/published-experiment.json");
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(UnintendedDifferences(Resolve(*text), "baseline"),
              ElementsAre(AllOf(HasSubstr("fp4 differs from baseline in more than precision: "
                                          "model.tie_embeddings (true -> false); it has "),
                                Not(HasSubstr("rules")))));
}

TEST(UnintendedDifferences, OneSectionIsWhatWasMeant) {
  for (const char* variants :
       {R"({"a": {}, "b": {"precision": {"default": "fp4"}}})",
        R"({"a": {}, "b": {"optimizer": {"learning_rate": 0.01, "weight_decay": 0}}})",
        R"({"a": {}, "b": {"precision": {"default": "fp4"}, "checkpoint": {"keep_last": 3},
            "resources": {"priority": 3}, "retry": {"max_restarts": 1},
            "training": {"log_interval": 5}}})"}) {
    EXPECT_THAT(UnintendedDifferences(Variants(variants), "a"), IsEmpty()) << variants;
  }
}

TEST(UnintendedDifferences, OtherDataAreNamedAlthoughNothingElseDiffers) {
  EXPECT_THAT(
      UnintendedDifferences(Variants(R"({"a": {}, "b": {"data": {"seed": 7}}})"), "a"),
      ElementsAre("b learns from and is measured on other data than a: data.seed (0 -> 7)"));
}

TEST(UnintendedDifferences, SeveralSectionsAreNamedFieldByField) {
  const auto documents = Variants(R"({"a": {}, "b": {
      "optimizer": {"learning_rate": 0.01}, "training": {"gradient_accumulation": 2}}})");
  EXPECT_THAT(UnintendedDifferences(documents, "a"),
              ElementsAre(AllOf(HasSubstr("b differs from a in more than one thing: "),
                                HasSubstr("training.gradient_accumulation (1 -> 2)"),
                                HasSubstr("optimizer.learning_rate ("), HasSubstr(" -> 0.01)"))));
}

TEST(UnintendedDifferences, AFieldThatIsNotThereStandsAtItsDefault) {
  const auto documents = Variants(R"({"a": {}, "b": {
      "optimizer": {"masters": "bf16"}, "precision": {"default": "fp4"}}})");
  EXPECT_THAT(UnintendedDifferences(documents, "a"),
              ElementsAre(HasSubstr("optimizer.masters (its default -> \"bf16\")")));
}

TEST(UnintendedDifferences, AnUnreadableDocumentIsNotLost) {
  const std::vector<VariantDocument> documents = {{"a", "{"}, {"b", "{}"}};
  EXPECT_THAT(UnintendedDifferences(documents, "a"), IsEmpty());
}

}  // namespace
}  // namespace fp4::core
