#include "spec/advice/offer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "spec/document.h"
#include "spec/fields.h"
#include "spec/json.h"
#include "spec/layers.h"
#include "spec/model_tensors.h"

namespace fp4::spec {
namespace {

constexpr size_t kMostRules = 100;

Node Section(std::string_view name, Node value) {
  Node section = Node::Object();
  section.Set(name, std::move(value));
  return section;
}

Node RulesOf(const Node& document) {
  const Node* precision = document.Find("precision");
  const Node* rules = precision == nullptr ? nullptr : precision->Find("rules");
  if (rules != nullptr) return *rules;
  Node none;
  none.kind = Node::Kind::kList;
  return none;
}

bool OthersDecideOnBits(const RunSpec& run) {
  return run.budget.on || !run.phases.empty() || run.adaptive.on;
}

const LayerPrecision* FindRow(const RunSpec& run, const std::string& layer) {
  const auto row = std::ranges::find(run.layers, layer, &LayerPrecision::layer);
  return row == run.layers.end() ? nullptr : &*row;
}

void OfferBits(const RunSpec& run, const Node& document, std::vector<Offer>& offers) {
  const Node rules = RulesOf(document);
  if (OthersDecideOnBits(run) || rules.items.size() >= kMostRules) return;
  const ComputeDtype dtype = run.training.compute_dtype;
  const Candidates& candidates = run.sensitivity.candidates;
  for (size_t l = 0; l < candidates.layers.size(); ++l) {
    const std::string& layer = candidates.layers[l].front().row.layer;
    const int64_t now = WeightBytes(*FindRow(run, layer), dtype);
    for (size_t c = 0; c < candidates.layers[l].size(); ++c) {
      const LayerPrecision& row = candidates.layers[l][c].row;
      const int64_t extra = WeightBytes(row, dtype) - now;
      if (extra <= 0) continue;
      Node rule = Section("match", Node::String(layer));
      rule.Set("use", Node::String(row.recipe));
      Node longer = rules;
      longer.items.push_back(std::move(rule));
      offers.push_back(
          {.move = {.kind = MoveKind::kBits, .layer = layer, .recipe = row.recipe},
           .extra_bytes = extra,
           .change = WriteCompactJson(Section("precision", Section("rules", std::move(longer)))),
           .layer = l,
           .candidate = c});
    }
  }
}

// "layers.3" as it is called where a layer was put in before it.
std::string Renumbered(const std::string& layer, int64_t after) {
  const LayerName name = SplitLayerName(layer);
  if (after < 0 || name.number <= after) return layer;
  return absl::StrCat(name.stem, ".", name.number + 1, name.rest.empty() ? "" : ".", name.rest);
}

// The rules that name a single layer follow it.
Node RenumberedRules(Node rules, int64_t after) {
  for (Node& rule : rules.items) {
    Node* match = rule.Find("match");
    if (match != nullptr) match->text = Renumbered(match->text, after);
  }
  return rules;
}

Node ChangeOf(const CapacityMove& move, const Node& document) {
  Node change = Section("model", ParseJson(move.model_change).root);
  Node rules = RulesOf(document);
  if (move.renumbers_after < 0 || rules.items.empty()) return change;
  change.Set("precision",
             Section("rules", RenumberedRules(std::move(rules), move.renumbers_after)));
  return change;
}

bool ComputesAlike(const LayerPrecision& a, const LayerPrecision& b) {
  return a.recipe == b.recipe && a.estimator == b.estimator && std::ranges::equal(a.gemms, b.gemms);
}

// Whether every layer of before is still there and computed in the same precision.
bool LeavesPrecision(const RunSpec& before, const RunSpec& after, int64_t renumbers_after) {
  return std::ranges::all_of(before.layers, [&](const LayerPrecision& row) {
    const LayerPrecision* now = FindRow(after, Renumbered(row.layer, renumbers_after));
    return now != nullptr && ComputesAlike(row, *now);
  });
}

void OfferCapacity(const RunSpec& run, const Node& document, std::vector<Offer>& offers) {
  for (CapacityMove& move : CapacityMoves(run.model)) {
    const Node change = ChangeOf(move, document);
    Node changed = document;
    MergePatch(changed, change);
    ReadResult read = ReadExperiment(WriteCompactJson(changed), {}, {});
    if (!read.ok()) continue;
    RunSpec& wider = read.experiment.variants.front().run;
    wider.training.compute_dtype = run.training.compute_dtype;
    if (!LeavesPrecision(run, wider, move.renumbers_after)) continue;
    offers.push_back({.move = {.kind = move.adds_layer ? MoveKind::kLayer : MoveKind::kUnits,
                               .layer = std::move(move.layer),
                               .recipe = {},
                               .units = move.adds_layer ? 0 : move.units},
                      .extra_bytes = StoredWeightBytes(wider) - StoredWeightBytes(run),
                      .change = WriteCompactJson(change),
                      .places = std::move(move.places),
                      .units = move.units});
  }
}

}  // namespace

std::vector<Offer> OfferMoves(const RunSpec& run, std::string_view run_document) {
  const Node document = ParseJson(run_document).root;
  std::vector<Offer> offers;
  OfferBits(run, document, offers);
  OfferCapacity(run, document, offers);
  return offers;
}

}  // namespace fp4::spec
