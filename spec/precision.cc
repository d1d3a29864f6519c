#include "spec/precision.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "spec/layer_patterns.h"
#include "spec/model_tensors.h"
#include "spec/pattern.h"
#include "spec/recipe_book.h"
#include "spec/suggest.h"

namespace fp4::spec {
namespace {

// A recipe that a layer may get, and where to point when it does not fit the layer.
struct Assignment {
  std::string recipe = "baseline";
  Bundle bundle = {};
  bool usable = true;  // false: reported already
  Place place = {};
  std::string field = "default";  // "default", or of a rule
};

struct Rule {
  Pattern pattern;
  Assignment assignment;
  bool matched = false;
};

// What is wrong with a block on a matrix of this shape; empty: nothing.
std::string BlockFault(const OperandPrecision& weight, numerics::MatrixShape shape) {
  const numerics::Format& format = *numerics::FindFormat(weight.format);
  absl::Status status = format.Check(weight.options, shape);
  if (!status.ok()) return std::string(status.message());
  const std::string text = weight.options.block.empty() ? std::string(format.info().default_block)
                                                        : weight.options.block;
  absl::StatusOr<numerics::BlockShape> block = numerics::ParseBlock(text);
  if (!block.ok()) return "";
  const bool flat = block->kind == numerics::BlockShape::Kind::kFlat;
  const bool tile = block->kind == numerics::BlockShape::Kind::kTile;
  // A short last block of a flattened tensor is scaled by what it holds (docs/formats.md).
  if (flat && shape.size() < block->columns) {
    return absl::StrCat(weight.format, ": it has ", shape.size(), " values, fewer than the block ",
                        text);
  }
  if (tile && (shape.columns % block->columns != 0 || shape.rows % block->rows != 0)) {
    return absl::StrCat(weight.format, ": the block ", text, " does not divide it");
  }
  return "";
}

class Resolver {
 public:
  Resolver(const Node& precision, const RunSpec& run, Problems& problems)
      : precision_(precision),
        run_(run),
        problems_(problems),
        recipes_(precision, path_, problems) {}

  std::vector<LayerPrecision> Resolve() {
    ReadDefault();
    ReadRules();
    std::vector<LayerPrecision> layers;
    for (const TensorInfo& tensor : ModelLayers(run_.model)) layers.push_back(ResolveLayer(tensor));
    ReportUnmatched();
    CheckShared(layers);
    return layers;
  }

 private:
  void ReadDefault() {
    const Node* name = precision_.Find("default");
    if (name == nullptr || !FitsPrecisionField(*name, "default")) return;
    std::optional<Bundle> bundle = recipes_.Find(*name, path_.Field("default"));
    default_ = {name->text, bundle.value_or(Bundle{}), bundle.has_value(), name->place, "default"};
  }

  void ReadRules() {
    const Node* rules = precision_.Find("rules");
    if (rules == nullptr) return;
    for (size_t i = 0; i < rules->items.size(); ++i) {
      Rule& rule = rules_.emplace_back();
      if (FitsPrecisionField(rules->items[i], "rules"))
        ReadRule(rules->items[i], rules_path_.Item(i), rule);
    }
  }

  void ReadRule(const Node& node, const Path& path, Rule& rule) {
    const Node& use = *node.Find("use");
    rule.pattern = *ParsePattern(node.Find("match")->text);
    Assignment& assignment = rule.assignment;
    std::optional<Bundle> bundle = recipes_.Find(use, path.Field("use"));
    assignment = {use.text, bundle.value_or(Bundle{}), bundle.has_value(), use.place, "use"};
    if (!assignment.usable) return;
    assignment.usable = recipes_.Apply(node, path, assignment.bundle);
    for (const Member& member : node.members) {
      const bool change = member.key != "match" && member.key != "use";
      if (!change || assignment.field != "use") continue;
      assignment.recipe += "+";
      assignment.field = member.key;
      assignment.place = member.value.place;
    }
  }

  LayerPrecision ResolveLayer(const TensorInfo& tensor) {
    const std::string name = tensor.layer();
    const Assignment baseline;
    const Assignment* chosen = tensor.in_body ? &default_ : &baseline;
    const Path* parent = &path_;
    Path rule_path;
    for (size_t i = 0; i < rules_.size(); ++i) {
      if (!Matches(rules_[i].pattern, name)) continue;
      rules_[i].matched = true;
      chosen = &rules_[i].assignment;
      rule_path = rules_path_.Item(i);
      parent = &rule_path;
    }
    LayerPrecision layer{.layer = name,
                         .recipe = chosen->recipe,
                         .out_features = tensor.out_features(),
                         .in_features = tensor.in_features(),
                         .shares = tensor.shares.substr(0, tensor.shares.rfind('.')),
                         .is_lookup = tensor.role == TensorRole::kLookup,
                         .estimator = chosen->bundle.estimator};
    std::ranges::copy(chosen->bundle.gemms, layer.gemms);
    if (layer.is_lookup) KeepWeightOnly(layer);
    if (chosen->usable) CheckBlocks(layer, *chosen, parent->Field(chosen->field));
    return layer;
  }

  // A look-up has no operand but the table.
  static void KeepWeightOnly(LayerPrecision& layer) {
    const OperandPrecision weight = layer.weight();
    for (GemmPrecision& gemm : layer.gemms) gemm = {};
    layer.gemms[static_cast<size_t>(Gemm::kFprop)].b = weight;
  }

  void CheckBlocks(const LayerPrecision& layer, const Assignment& assignment, const Path& path) {
    if (!layer.weight().quantized()) return;
    const std::string fault = BlockFault(layer.weight(), {layer.out_features, layer.in_features});
    if (fault.empty()) return;
    // Blocks of a model are alike: the first layer of a kind stands for all.
    const std::string kind = layer.layer.substr(layer.layer.find_last_of('.') + 1);
    if (!reported_.insert(absl::StrCat(path.ToString(), " ", kind)).second) return;
    problems_.Add(assignment.place, path,
                  absl::StrCat("does not fit ", layer.layer, " (", layer.out_features, " x ",
                               layer.in_features, "): ", fault));
  }

  void ReportUnmatched() {
    for (size_t i = 0; i < rules_.size(); ++i) {
      const Rule& rule = rules_[i];
      if (rule.matched || rule.pattern.segments.empty()) continue;
      const Node& match = *precision_.Find("rules")->items[i].Find("match");
      const Path item = rules_path_.Item(i);
      const std::string nearest = NearestLayerPattern(match.text, run_.model);
      problems_.Add(
          match.place, item.Field("match"),
          absl::StrCat("is ", Shown(match), ", which matches no layer",
                       nearest.empty() ? "" : absl::StrCat("; did you mean '", nearest, "'"),
                       SuggestionAndChoices("", LayerPatterns(run_.model))));
    }
  }

  // A matrix that two layers share learns through both or not at all.
  void CheckShared(const std::vector<LayerPrecision>& layers) {
    for (const LayerPrecision& layer : layers) {
      const auto owner = std::ranges::find(layers, layer.shares, &LayerPrecision::layer);
      if (owner == layers.end() || owner->estimator == layer.estimator) continue;
      const bool frozen = layer.estimator == Estimator::kNone;
      ReportHalfFrozen(frozen ? layer.layer : owner->layer, frozen ? owner->layer : layer.layer);
    }
  }

  void ReportHalfFrozen(const std::string& frozen, const std::string& learning) {
    for (size_t i = rules_.size(); i-- > 0;) {
      if (!Matches(rules_[i].pattern, frozen)) continue;
      const Path item = rules_path_.Item(i);
      problems_.Add(rules_[i].assignment.place, item.Field(rules_[i].assignment.field),
                    absl::StrCat("freezes ", frozen, ", which shares its matrix with ", learning,
                                 "; freeze both or neither, or set model.tie_embeddings to false"));
      return;
    }
  }

  const Node& precision_;
  const RunSpec& run_;
  Problems& problems_;
  const Path root_;
  const Path path_ = root_.Field("precision");
  const Path rules_path_ = path_.Field("rules");
  RecipeBook recipes_;
  Assignment default_;
  std::vector<Rule> rules_;
  std::set<std::string> reported_;
};

}  // namespace

std::vector<LayerPrecision> ResolvePrecision(const Node& precision, const RunSpec& run,
                                             Problems& problems) {
  return Resolver(precision, run, problems).Resolve();
}

}  // namespace fp4::spec
