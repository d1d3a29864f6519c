#include "client/diff/difference.h"

#include "absl/strings/numbers.h"
#include "spec/document.h"
#include "spec/json.h"
#include "spec/layers.h"

namespace fp4::client {
namespace {

using spec::Node;

// The rows of a resolved document's layer table; empty when it cannot be read.
std::vector<Node> LayersOf(const std::string& document) {
  const spec::ReadResult result =
      spec::ReadExperiment(document, {}, {.base_folder = "", .with_unbuilt = true});
  if (!result.ok() || result.experiment.variants.empty()) return {};
  return spec::ParseJson(spec::LayerTableJson(result.experiment.variants[0].run)).root.items;
}

std::string NameOf(const Node& layer) {
  const Node* name = layer.Find("layer");
  return name == nullptr ? "" : name->text;
}

const Node* FindLayer(const std::vector<Node>& layers, const std::string& name) {
  for (const Node& layer : layers) {
    if (NameOf(layer) == name) return &layer;
  }
  return nullptr;
}

std::vector<LayerDifference> LayerDifferences(const std::vector<Node>& a,
                                              const std::vector<Node>& b) {
  std::vector<LayerDifference> differences;
  for (const Node& layer : a) {
    const std::string name = NameOf(layer);
    const Node* other = FindLayer(b, name);
    if (other == nullptr) {
      differences.push_back({name, {{"layer", WriteCompactJson(layer), ""}}});
      continue;
    }
    auto fields = spec::DifferencesOf(WriteCompactJson(layer), WriteCompactJson(*other));
    if (!fields.empty()) differences.push_back({name, std::move(fields)});
  }
  for (const Node& layer : b) {
    const std::string name = NameOf(layer);
    if (FindLayer(a, name) != nullptr) continue;
    differences.push_back({name, {{"layer", "", WriteCompactJson(layer)}}});
  }
  return differences;
}

double WeightBytes(const std::vector<Node>& layers) {
  double total = 0;
  for (const Node& layer : layers) {
    const Node* bytes = layer.Find("weight_bytes");
    double value = 0;
    if (layer.Find("shares_embedding") != nullptr || bytes == nullptr) continue;
    if (absl::SimpleAtod(bytes->text, &value)) total += value;
  }
  return total;
}

std::string Without(const std::string& json, std::initializer_list<std::string_view> members) {
  spec::ParsedJson parsed = spec::ParseJson(json);
  if (!parsed.complete) return json;
  for (std::string_view member : members) parsed.root.Erase(member);
  return WriteCompactJson(parsed.root);
}

}  // namespace

Difference DifferenceOf(const DiffSide& a, const DiffSide& b) {
  const std::vector<Node> layers_a = LayersOf(a.document), layers_b = LayersOf(b.document);
  // "variants" of a resolved document holds the variant's name alone.
  Difference difference{.document = spec::DifferencesOf(Without(a.document, {"variants"}),
                                                        Without(b.document, {"variants"})),
                        .layers = LayerDifferences(layers_a, layers_b),
                        .started = {},
                        .weight_bytes_a = WeightBytes(layers_a),
                        .weight_bytes_b = WeightBytes(layers_b)};
  if (!a.started.empty() && !b.started.empty()) {
    // Document and layers are compared above; how often a run was resumed says nothing.
    const std::initializer_list<std::string_view> rest = {"document", "layers",
                                                          "resumed_from_step"};
    difference.started = spec::DifferencesOf(Without(a.started, rest), Without(b.started, rest));
  }
  return difference;
}

}  // namespace fp4::client
