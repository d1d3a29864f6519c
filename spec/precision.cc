#include "spec/precision.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "spec/layer_patterns.h"
#include "spec/model_tensors.h"
#include "spec/operand_checks.h"
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

class Resolver {
 public:
  Resolver(const Node& precision, const RunSpec& run, bool with_unbuilt, Problems& problems)
      : precision_(precision),
        run_(run),
        with_unbuilt_(with_unbuilt),
        problems_(problems),
        recipes_(precision, path_, with_unbuilt, problems) {}

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
    if (name == nullptr || !FitsPrecisionField(*name, "default", with_unbuilt_)) return;
    std::optional<Bundle> bundle = recipes_.Find(*name, path_.Field("default"));
    default_ = {name->text, bundle.value_or(Bundle{}), bundle.has_value(), name->place, "default"};
  }

  void ReadRules() {
    const Node* rules = precision_.Find("rules");
    if (rules == nullptr) return;
    for (size_t i = 0; i < rules->items.size(); ++i) {
      Rule& rule = rules_.emplace_back();
      if (FitsPrecisionField(rules->items[i], "rules", with_unbuilt_))
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
    if (chosen->usable) CheckOperands(layer, tensor, *chosen, parent->Field(chosen->field));
    return layer;
  }

  // A look-up has no operand but the table.
  static void KeepWeightOnly(LayerPrecision& layer) {
    const OperandPrecision weight = layer.weight();
    for (GemmPrecision& gemm : layer.gemms) gemm = {};
    layer.gemms[static_cast<size_t>(Gemm::kFprop)].b = weight;
  }

  // A fault is said where its operand is given; of a built-in recipe, where the recipe is named.
  void CheckOperands(const LayerPrecision& layer, const TensorInfo& tensor,
                     const Assignment& assignment, const Path& path) {
    for (const OperandFault& fault :
         FindOperandFaults(layer, tensor, run_.training.micro_batch_size)) {
      const auto use = std::ranges::find(kOperandUses, fault.use) - std::begin(kOperandUses);
      Origin origin = assignment.bundle.origins[static_cast<size_t>(use)];
      if (origin.path.empty()) origin = {assignment.place, path.ToString()};
      // Layers of one name and shape are alike: the first stands for all, and so does the first
      // operand of a GEMM for what one field says about both.
      const LayerName name = SplitLayerName(layer.layer);
      const std::string kind = absl::StrCat(origin.path, " ", std::string(GemmName(fault.use.gemm)),
                                            " ", name.number < 0 ? name.stem : name.rest, " ",
                                            layer.out_features, " x ", layer.in_features);
      if (reported_.insert(kind).second) problems_.Add(origin.place, origin.path, fault.message);
    }
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
  const bool with_unbuilt_;
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
                                             bool with_unbuilt, Problems& problems) {
  return Resolver(precision, run, with_unbuilt, problems).Resolve();
}

}  // namespace fp4::spec
