#include "spec/precision.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "spec/attention.h"
#include "spec/budget/budget.h"
#include "spec/estimator_checks.h"
#include "spec/field.h"
#include "spec/layer_patterns.h"
#include "spec/layer_row.h"
#include "spec/model_tensors.h"
#include "spec/operand_checks.h"
#include "spec/pattern.h"
#include "spec/precision_checks.h"
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

// An entry of the schedule.
struct Change {
  int64_t from_step = 1;
  Pattern pattern = {};
  const Node* node = nullptr;
  Path path = {};
  std::optional<Assignment> whole = {};            // with `use`
  std::map<std::string, Assignment> changed = {};  // without: by the layer's own recipe
  bool matched = false;
};

class Resolver {
 public:
  Resolver(const Node& precision, const Node* sensitivity, const RunSpec& run, Problems& problems)
      : precision_(precision),
        sensitivity_(sensitivity),
        run_(run),
        problems_(problems),
        recipes_(precision, path_, problems) {}

  ResolvedPrecision Resolve() {
    ReadDefault();
    ReadRules();
    ReadSchedule();
    ResolvedPrecision resolved;
    for (const TensorInfo& tensor : tensors_) resolved.layers.push_back(ResolveLayer(tensor));
    for (const AttentionTensor& tensor : AttentionTensors(run_.model))
      ResolveAttention(tensor, resolved.attention);
    ReportUnmatched();
    CheckShared(resolved.layers, 0);
    ResolvePhases(resolved);
    ResolveAdaptive(resolved);
    ResolveScored(resolved);
    resolved.de_oscillation = precision_.Find("de_oscillation") != nullptr;
    if (resolved.de_oscillation) {
      CheckDeOscillation(*precision_.Find("de_oscillation"), path_.Field("de_oscillation"), run_,
                         resolved, problems_);
    }
    return resolved;
  }

 private:
  // Every process would have to measure and decide alike.
  void CheckOneProcess(const Node* budget, const Path& path) {
    if (run_.resources.world_size() == 1) return;
    const auto refuse = [this](const Node* section, const Path& at) {
      if (section == nullptr) return;
      problems_.Add(section->place, at,
                    absl::StrCat("is measured by one process alone, and resources ask for ",
                                 run_.resources.world_size()));
    };
    refuse(budget, path);
    refuse(sensitivity_, root_.Field("sensitivity"));
  }

  void ResolveScored(ResolvedPrecision& resolved) {
    const Node* budget = precision_.Find("budget");
    const Path path = path_.Field("budget");
    RunSpec run = run_;
    run.layers = resolved.layers;
    run.attention = resolved.attention;
    resolved.budget = ResolveBudget(budget, path, run, recipes_, problems_);
    resolved.sensitivity = ResolveSensitivity(sensitivity_, run_, recipes_, problems_);
    CheckOneProcess(budget, path);
    // Two that change the precision of a layer would not know of each other.
    for (const char* other : {"schedule", "adaptive"}) {
      if (budget == nullptr || precision_.Find(other) == nullptr) continue;
      problems_.Add(budget->place, path,
                    absl::StrCat("stands beside precision.", other,
                                 ", which changes the precision of layers too; leave one of them "
                                 "out"));
    }
  }

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
    rule.pattern = *ParsePattern(node.Find("match")->text);
    ReadAssignment(node, path, rule.assignment);
  }

  // A recipe that `use` names, with the parts that stand beside it.
  void ReadAssignment(const Node& node, const Path& path, Assignment& assignment) {
    const Node& use = *node.Find("use");
    std::optional<Bundle> bundle = recipes_.Find(use, path.Field("use"));
    assignment = {use.text, bundle.value_or(Bundle{}), bundle.has_value(), use.place, "use"};
    if (!assignment.usable) return;
    assignment.usable = recipes_.Apply(node, path, assignment.bundle);
    for (const Member& member : node.members) {
      const bool change = member.key != "match" && member.key != "use" && member.key != "from_step";
      if (!change || assignment.field != "use") continue;
      assignment.recipe += "+";
      assignment.field = member.key;
      assignment.place = member.value.place;
    }
  }

  LayerPrecision ResolveLayer(const TensorInfo& tensor) {
    for (Rule& rule : rules_) {
      if (Matches(rule.pattern, tensor.layer())) rule.matched = true;
    }
    const auto [own, parent] = Own(tensor);
    return Row(tensor, *own, parent.Field(own->field));
  }

  // Only rules reach it, and of them the last that names it: what `default` says is for layers.
  void ResolveAttention(const AttentionTensor& tensor, std::vector<AttentionPrecision>& found) {
    std::optional<size_t> last;
    for (size_t i = 0; i < rules_.size(); ++i) {
      if (!MatchesByName(rules_[i].pattern, tensor)) continue;
      rules_[i].matched = true;
      last = i;
    }
    if (!last || !rules_[*last].assignment.usable) return;
    const Assignment& chosen = rules_[*last].assignment;
    const AttentionPrecision precision{tensor.name, chosen.recipe,
                                       chosen.bundle.gemms[static_cast<int>(Gemm::kFprop)].a};
    const bool rounds = precision.operand.quantized();
    const bool means_something = std::ranges::any_of(chosen.bundle.gemms, [](const auto& gemm) {
      return gemm.a.quantized() || gemm.b.quantized();
    });
    if (rounds) found.push_back(precision);
    const std::string fault =
        rounds ? AttentionFault(precision, tensor, run_.training.micro_batch_size)
        : means_something
            ? absl::StrCat("quantizes no activations, and would leave ", tensor.name, " as it is")
            : "";
    const Path rule = rules_path_.Item(*last);
    const Path path = rule.Field(chosen.field);
    const std::string kind =
        absl::StrCat(path.ToString(), " attention ", SplitLayerName(tensor.name).rest);
    if (!fault.empty() && reported_.insert(kind).second) problems_.Add(chosen.place, path, fault);
  }

  LayerPrecision Row(const TensorInfo& tensor, const Assignment& chosen, const Path& path) {
    LayerPrecision layer = LayerRow(tensor, chosen.recipe, chosen.bundle);
    if (chosen.usable) CheckOperands(layer, tensor, chosen, path);
    return layer;
  }

  // The assignment of default and rules, and the path of the field that decides.
  std::pair<const Assignment*, Path> Own(const TensorInfo& tensor) {
    static const Assignment baseline;
    for (size_t i = rules_.size(); i-- > 0;) {
      if (Matches(rules_[i].pattern, tensor.layer()))
        return {&rules_[i].assignment, rules_path_.Item(i)};
    }
    return {tensor.in_body ? &default_ : &baseline, path_};
  }

  void ReadSchedule() {
    const Node* schedule = precision_.Find("schedule");
    if (schedule == nullptr) return;
    for (size_t i = 0; i < schedule->items.size(); ++i) {
      const Node& node = schedule->items[i];
      if (!FitsPrecisionField(node, "schedule")) continue;
      Change change{.from_step = AsInteger(*node.Find("from_step")),
                    .node = &node,
                    .path = schedule_path_.Item(i)};
      const Node* match = node.Find("match");
      change.pattern = *ParsePattern(match == nullptr ? "**" : match->text);
      if (node.Find("use") != nullptr) {
        Rule rule;
        ReadAssignment(node, change.path, rule.assignment);
        change.whole = std::move(rule.assignment);
      }
      CheckStep(change);
      CheckSaysSomething(change);
      changes_.push_back(std::move(change));
    }
  }

  void CheckStep(const Change& change) {
    const Node& step = *change.node->Find("from_step");
    if (!changes_.empty() && change.from_step < changes_.back().from_step) {
      problems_.Add(
          step.place, change.path.Field("from_step"),
          absl::StrCat("is ", change.from_step, ", before the ", changes_.back().from_step,
                       " of the entry above; entries stand in the order of their steps"));
    }
    if (change.from_step > run_.training.steps) {
      problems_.Add(step.place, change.path.Field("from_step"),
                    absl::StrCat("is ", change.from_step, ", beyond the ", run_.training.steps,
                                 " of training.steps"));
    }
  }

  void CheckSaysSomething(const Change& change) {
    const bool says = std::ranges::any_of(change.node->members, [](const Member& member) {
      return member.key != "from_step" && member.key != "match";
    });
    if (says) return;
    problems_.Add(change.node->place, change.path,
                  "changes nothing: it has neither `use` nor a part of a recipe");
  }

  // What a change makes of a layer whose own assignment is `own`.
  const Assignment& Changed(Change& change, const Assignment& own) {
    if (change.whole) return *change.whole;
    auto [found, added] = change.changed.try_emplace(own.recipe, own);
    Assignment& assignment = found->second;
    if (!added || !own.usable) return assignment;
    assignment.usable = recipes_.Apply(*change.node, change.path, assignment.bundle);
    assignment.recipe += "+";
    assignment.place = change.node->place;
    assignment.field = "from_step";
    return assignment;
  }

  void ResolvePhases(ResolvedPrecision& resolved) {
    for (const Change& start : changes_) {
      if (!resolved.phases.empty() && resolved.phases.back().from_step == start.from_step) continue;
      PrecisionPhase phase{start.from_step, resolved.layers};
      for (size_t i = 0; i < tensors_.size(); ++i) {
        const std::string layer = tensors_[i].layer();
        for (size_t c = changes_.size(); c-- > 0;) {
          Change& change = changes_[c];
          if (change.from_step > start.from_step || !Matches(change.pattern, layer)) continue;
          change.matched = true;
          const Assignment& assignment = Changed(change, *Own(tensors_[i]).first);
          phase.layers[i] = Row(tensors_[i], assignment, change.path.Field(assignment.field));
          break;
        }
      }
      CheckShared(phase.layers, start.from_step);
      resolved.phases.push_back(std::move(phase));
    }
    for (const Change& change : changes_) {
      if (change.matched || change.node->Find("match") == nullptr) continue;
      ReportUnmatched(*change.node->Find("match"), change.path);
    }
  }

  void ResolveAdaptive(ResolvedPrecision& resolved) {
    resolved.adaptive = run_.adaptive.gradient_above > 0 || run_.adaptive.error_above > 0;
    const Node* section = precision_.Find("adaptive");
    if (section == nullptr) return;
    const Path path = path_.Field("adaptive");
    if (!resolved.adaptive) {
      problems_.Add(section->place, path, "has no bound: give gradient_above, error_above or both");
      return;
    }
    const Node* high = section->Find("high");
    const Node baseline = Node::String("baseline");
    std::optional<Bundle> bundle =
        recipes_.Find(high == nullptr ? baseline : *high, path.Field("high"));
    if (!bundle) return;
    const Assignment assignment{.recipe = high == nullptr ? "baseline" : high->text,
                                .bundle = *bundle,
                                .usable = true,
                                .place = section->place,
                                .field = "high"};
    const Node* match = section->Find("match");
    const auto pattern = ParsePattern(match == nullptr ? "**" : match->text);
    if (!pattern.ok()) return;  // reported already
    for (size_t i = 0; i < tensors_.size(); ++i) {
      if (!Matches(*pattern, tensors_[i].layer()) || !EverQuantized(resolved, i)) continue;
      resolved.adaptive_high.push_back(Row(tensors_[i], assignment, path.Field("high")));
    }
    CheckAdaptive(*section, path, resolved, problems_);
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
    const std::string fault = EstimatorFault(layer);
    if (fault.empty()) return;
    const std::string kind = absl::StrCat(path.ToString(), " estimator");
    if (reported_.insert(kind).second) problems_.Add(assignment.place, path, fault);
  }

  void ReportUnmatched() {
    for (size_t i = 0; i < rules_.size(); ++i) {
      const Rule& rule = rules_[i];
      if (rule.matched || rule.pattern.segments.empty()) continue;
      ReportUnmatched(*precision_.Find("rules")->items[i].Find("match"), rules_path_.Item(i));
    }
  }

  void ReportUnmatched(const Node& match, const Path& item) {
    const std::string nearest = NearestLayerPattern(match.text, run_.model);
    problems_.Add(
        match.place, item.Field("match"),
        absl::StrCat("is ", Shown(match), ", which matches no layer",
                     nearest.empty() ? "" : absl::StrCat("; did you mean '", nearest, "'"),
                     SuggestionAndChoices("", LayerPatterns(run_.model))));
  }

  // A matrix that two layers share learns through both or not at all. `step`: the table is that of
  // the phase that begins there; 0: it is the first one.
  void CheckShared(const std::vector<LayerPrecision>& layers, int64_t step) {
    for (const LayerPrecision& layer : layers) {
      const auto owner = std::ranges::find(layers, layer.shares, &LayerPrecision::layer);
      if (owner == layers.end() || owner->estimator == layer.estimator) continue;
      const bool frozen = layer.estimator == Estimator::kNone;
      ReportHalfFrozen(frozen ? layer.layer : owner->layer, frozen ? owner->layer : layer.layer,
                       step);
    }
  }

  void ReportHalfFrozen(const std::string& frozen, const std::string& learning, int64_t step) {
    const std::string message =
        absl::StrCat("freezes ", frozen, ", which shares its matrix with ", learning,
                     "; freeze both or neither, or set model.tie_embeddings to false");
    for (size_t i = changes_.size(); i-- > 0;) {
      const Change& change = changes_[i];
      if (change.from_step > step || !Matches(change.pattern, frozen)) continue;
      const std::string_view field = change.node->Find("use") != nullptr ? "use" : "estimator";
      const Node* at = change.node->Find(field);
      if (at != nullptr) problems_.Add(at->place, change.path.Field(field), message);
      return;
    }
    for (size_t i = rules_.size(); i-- > 0;) {
      if (!Matches(rules_[i].pattern, frozen)) continue;
      const Path item = rules_path_.Item(i);
      problems_.Add(rules_[i].assignment.place, item.Field(rules_[i].assignment.field), message);
      return;
    }
  }

  const Node& precision_;
  const Node* sensitivity_;
  const RunSpec& run_;
  Problems& problems_;
  const Path root_;
  const Path path_ = root_.Field("precision");
  const Path rules_path_ = path_.Field("rules");
  const Path schedule_path_ = path_.Field("schedule");
  const std::vector<TensorInfo> tensors_ = ModelLayers(run_.model);
  RecipeBook recipes_;
  Assignment default_;
  std::vector<Rule> rules_;
  std::vector<Change> changes_;
  std::set<std::string> reported_;
};

}  // namespace

ResolvedPrecision ResolvePrecision(const Node& precision, const Node* sensitivity,
                                   const RunSpec& run, Problems& problems) {
  return Resolver(precision, sensitivity, run, problems).Resolve();
}

}  // namespace fp4::spec
