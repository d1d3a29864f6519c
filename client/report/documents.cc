// What was trained: the resolved documents and what distinguishes them.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/diff/difference.h"
#include "client/render/layer_groups.h"
#include "client/report/sections.h"
#include "spec/json.h"

namespace fp4::client::report {
namespace {

constexpr size_t kMostRows = 200;

// The first run of the variant, whose document stands for all its seeds; null: none.
const v1::Run* RunOf(const Data& data, const std::string& variant) {
  const auto found = std::ranges::find_if(
      data.runs, [&](const RunData& one) { return one.run.variant() == variant; });
  return found == data.runs.end() ? nullptr : &found->run;
}

std::string Readable(const std::string& json) {
  const spec::ParsedJson parsed = spec::ParseJson(json);
  return parsed.complete ? WriteJson(parsed.root) : json;
}

std::string ValueText(const std::string& json) { return json.empty() ? "(default)" : json; }

// Layers that differ in the same way are one row.
struct LayerChange {
  FieldDifference field;
  std::vector<std::string> layers;
};

std::vector<LayerChange> ChangesOf(const Difference& difference) {
  std::vector<LayerChange> changes;
  for (const LayerDifference& layer : difference.layers) {
    for (const FieldDifference& field : layer.fields) {
      auto same = std::ranges::find(changes, field, &LayerChange::field);
      if (same == changes.end()) same = changes.insert(changes.end(), {field, {}});
      same->layers.push_back(layer.layer);
    }
  }
  return changes;
}

struct Tables {
  Table fields{
      .columns = {{"variant"}, {"field"}, {"reference", false, true}, {"variant's", false, true}},
      .rows = {}};
  Table layers{.columns = {{"variant"},
                           {"field"},
                           {"reference"},
                           {"variant's"},
                           {"in the layers", false, true}},
               .rows = {}};
};

void AddDifferences(const std::string& variant, const Difference& difference, Tables& tables) {
  for (const FieldDifference& field : difference.document) {
    tables.fields.rows.push_back(
        {variant, field.path, ValueText(field.left), ValueText(field.right)});
  }
  for (const LayerChange& change : ChangesOf(difference)) {
    std::string layers;
    for (const std::string& group : GroupLayers(change.layers)) {
      absl::StrAppend(&layers, layers.empty() ? "" : ", ", group);
    }
    tables.layers.rows.push_back({variant, change.field.path, ValueText(change.field.left),
                                  ValueText(change.field.right), layers});
  }
}

void AddTable(const std::string& title, Table table, std::vector<Block>& blocks) {
  if (table.rows.empty()) return;
  blocks.push_back(Heading{title});
  const size_t num_rows = table.rows.size();
  if (num_rows > kMostRows) table.rows.resize(kMostRows);
  blocks.push_back(std::move(table));
  if (num_rows > kMostRows) {
    blocks.push_back(Paragraph{absl::StrCat(
        "and ", num_rows - kMostRows, " more: fp4ctl diff EXPERIMENT:VARIANT EXPERIMENT:VARIANT")});
  }
}

}  // namespace

Section DocumentsSection(const Data& data) {
  Section section{.id = "documents", .title = "Documents"};
  const std::string& reference = data.comparison.reference();
  const v1::Run* base = RunOf(data, reference);
  if (base != nullptr) {
    Tables tables;
    for (const v1::VariantComparison& variant : data.comparison.variants()) {
      const v1::Run* run = RunOf(data, variant.name());
      if (run == nullptr || run == base) continue;
      AddDifferences(
          variant.name(),
          DifferenceOf(
              {.label = "", .variant = "", .document = base->resolved_document(), .started = ""},
              {.label = "", .variant = "", .document = run->resolved_document(), .started = ""}),
          tables);
    }
    AddTable(absl::StrCat("Fields that differ from ", reference), std::move(tables.fields),
             section.blocks);
    AddTable(absl::StrCat("Layers that differ from ", reference), std::move(tables.layers),
             section.blocks);
    section.blocks.push_back(Code{absl::StrCat("Resolved document of ", reference),
                                  Readable(base->resolved_document())});
  }
  if (!data.experiment.document().empty()) {
    section.blocks.push_back(Code{"Document as submitted", data.experiment.document()});
  }
  return section;
}

}  // namespace fp4::client::report
