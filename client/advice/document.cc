#include "client/advice/document.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "spec/document.h"
#include "spec/json.h"

namespace fp4::client {
namespace {

using spec::Node;

Node Number(int64_t value) {
  Node node;
  node.kind = Node::Kind::kNumber;
  node.text = absl::StrCat(value);
  return node;
}

Node List(const std::vector<int64_t>& values) {
  Node list;
  list.kind = Node::Kind::kList;
  for (const int64_t value : values) list.items.push_back(Number(value));
  return list;
}

// What the move changes; it is not asked for advice itself.
absl::StatusOr<Node> VariantOf(const std::string& name, const std::vector<spec::Offer>& offers) {
  const auto offer = std::ranges::find_if(
      offers, [&name](const spec::Offer& other) { return other.move.name() == name; });
  if (offer == offers.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the document of the run does not offer the move ", name));
  }
  Node variant = spec::ParseJson(offer->change).root;
  variant.Set("sensitivity", Node());
  return variant;
}

std::string NameOf(const Node& document) {
  const Node* name = document.Find("name");
  return name == nullptr ? "run" : name->text;
}

}  // namespace

absl::StatusOr<std::string> AdviceDocument(const AdviceTrial& trial,
                                           const std::vector<spec::Offer>& offers) {
  if (trial.moves.empty())
    return absl::InvalidArgumentError("no move of the advice is predicted to gain anything");
  Node document = spec::ParseJson(trial.run_document).root;
  Node variants = Node::Object();
  variants.Set(kAdvisedVariant, Node::Object());
  for (const spec::PredictedMove& predicted : trial.moves) {
    const std::string name = predicted.move.name();
    FP4_ASSIGN_OR_RETURN(Node variant, VariantOf(name, offers));
    variants.Set(name, std::move(variant));
  }
  document.Set("name", Node::String(absl::StrCat(NameOf(document), "-advice").substr(0, 100)));
  document.Set("description", Node::String(trial.description));
  document.Set("seeds", List(trial.seeds));
  document.Set("variants", std::move(variants));
  return spec::WriteJson(document) + "\n";
}

absl::StatusOr<std::vector<spec::Offer>> OffersOf(const std::string& run_document) {
  const spec::ReadResult read =
      spec::ReadExperiment(run_document, {}, {.base_folder = {}, .without_search = true});
  if (!read.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the document of the run cannot be read: ",
                                                   read.problems.front().ToString("document")));
  }
  return spec::OfferMoves(read.experiment.variants.front().run, run_document);
}

}  // namespace fp4::client
