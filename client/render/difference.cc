#include "client/render/difference.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/render/layer_groups.h"
#include "client/render/numbers.h"
#include "wire/json/values.h"

namespace fp4::client {
namespace {

using wire::Array;
using wire::Dump;
using wire::Json;
using wire::TextArray;

constexpr int kGap = 2;
// Of a layer's row, what follows from the rest and differs with its size.
constexpr std::string_view kDerived = "weight_bytes";

// Texts without their quotes; what is not there says so.
std::string ValueText(const std::string& json) {
  if (json.empty()) return "(not there)";
  if (json == "null") return "-";
  if (json.front() == '"') {
    const Json text = Json::parse(json, nullptr, /*allow_exceptions=*/false);
    if (text.is_string()) return Printable(text.get<std::string>());
  }
  return Printable(json);
}

std::string Padded(const std::string& text, int width) {
  const int missing = width - DisplayWidth(text);
  return text + std::string(static_cast<size_t>(std::max(0, missing)), ' ');
}

// Lines of "FIELD  A  B", or of "FIELD", "- A", "+ B" for a row that would be too wide.
std::string Rows(const std::vector<FieldDifference>& fields, int indent, const Layout& layout) {
  int field_width = 0, value_width = 0;
  for (const FieldDifference& field : fields) {
    field_width = std::max(field_width, DisplayWidth(field.path));
    value_width = std::max(value_width, DisplayWidth(ValueText(field.left)));
  }
  const int width = layout.width == 0 ? 100 : layout.width;
  value_width = std::min(value_width, std::max(12, (width - indent - field_width) / 2 - kGap));
  const std::string margin(static_cast<size_t>(indent), ' ');
  std::string text;
  for (const FieldDifference& field : fields) {
    const std::string left = ValueText(field.left), right = ValueText(field.right);
    const std::string start = absl::StrCat(margin, Padded(field.path, field_width), "  ",
                                           Padded(left, value_width), "  ");
    if (DisplayWidth(left) <= value_width && DisplayWidth(start) + DisplayWidth(right) <= width) {
      absl::StrAppend(&text, start, right, "\n");
    } else {
      absl::StrAppend(&text, margin, field.path, "\n", margin, "  - ", left, "\n", margin, "  + ",
                      right, "\n");
    }
  }
  return text;
}

std::vector<FieldDifference> WithoutDerived(std::vector<FieldDifference> fields) {
  if (fields.size() > 1) {
    std::erase_if(fields, [](const FieldDifference& field) { return field.path == kDerived; });
  }
  // A whole row is told by its layer's name.
  for (FieldDifference& field : fields) {
    if (field.path != "layer") continue;
    for (std::string* side : {&field.left, &field.right}) {
      if (!side->empty()) *side = "\"there\"";
    }
  }
  return fields;
}

std::string RenderLayers(const std::vector<LayerDifference>& differences, const Layout& layout) {
  std::vector<std::pair<std::vector<FieldDifference>, std::vector<std::string>>> groups;
  for (const LayerDifference& one : differences) {
    const std::vector<FieldDifference> fields = WithoutDerived(one.fields);
    const auto same =
        std::ranges::find_if(groups, [&](const auto& group) { return group.first == fields; });
    if (same == groups.end()) {
      groups.push_back({fields, {one.layer}});
    } else {
      same->second.push_back(one.layer);
    }
  }
  std::string text;
  for (const auto& [fields, layers] : groups) {
    const std::string names = absl::StrJoin(GroupLayers(layers), ", ");
    absl::StrAppend(&text, "  ", Wrapped(Printable(names), layout.width, 4), "\n",
                    Rows(fields, 4, layout));
  }
  return text;
}

std::string Section(const std::string& title, const std::string& rows, const Layout& layout) {
  if (rows.empty()) return "";
  return absl::StrCat(Colored(title, Color::kBold, layout.color), "\n", rows);
}

Json OrNull(const std::string& json) {
  if (json.empty()) return {};
  Json value = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  return value.is_discarded() ? Json(json) : value;
}

Json FieldsJson(const std::vector<FieldDifference>& fields) {
  return Array(fields, [](const FieldDifference& field) {
    return Json{{"path", field.path}, {"a", OrNull(field.left)}, {"b", OrNull(field.right)}};
  });
}

Json LayersJson(const std::vector<LayerDifference>& layers) {
  Json array = Json::array();
  for (const LayerDifference& layer : layers) {
    for (const Json& field : FieldsJson(layer.fields)) {
      Json row = {{"layer", layer.layer}};
      row.update(field);
      array.push_back(row);
    }
  }
  return array;
}

}  // namespace

std::string RenderDifference(const DiffPair& pair, const Difference& difference,
                             const Layout& layout) {
  std::string text = absl::StrCat(Printable(pair.a.label), " -> ", Printable(pair.b.label), "\n");
  if (difference.empty()) return absl::StrCat(text, "  no differences\n");
  absl::StrAppend(&text, Section("document", Rows(difference.document, 2, layout), layout),
                  Section("layers", RenderLayers(difference.layers, layout), layout),
                  Section("computed", Rows(difference.started, 2, layout), layout));
  if (difference.weight_bytes_a != difference.weight_bytes_b) {
    absl::StrAppend(&text, "weights: ", FormatCount(difference.weight_bytes_a), "B -> ",
                    FormatCount(difference.weight_bytes_b), "B\n");
  }
  return text;
}

std::string DifferencesJson(const DiffPairs& pairs, const std::vector<Difference>& differences) {
  Json variants = Json::array();
  for (size_t i = 0; i < pairs.pairs.size(); ++i) {
    const Difference& difference = differences[i];
    variants.push_back(
        {{"a", pairs.pairs[i].a.label},
         {"b", pairs.pairs[i].b.label},
         {"document", FieldsJson(difference.document)},
         {"layers", LayersJson(difference.layers)},
         {"started", FieldsJson(difference.started)},
         {"weight_bytes", {{"a", difference.weight_bytes_a}, {"b", difference.weight_bytes_b}}}});
  }
  return Dump({{"variants", variants},
               {"only_a", TextArray(pairs.only_a)},
               {"only_b", TextArray(pairs.only_b)}});
}

}  // namespace fp4::client
