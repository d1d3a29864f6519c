#include "spec/layer_patterns.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "spec/model_tensors.h"
#include "spec/suggest.h"

namespace fp4::spec {
namespace {

// The layers of one name in all blocks, or one layer outside of them.
struct LayerGroup {
  LayerName name;  // number: that of the first block
  int64_t last = -1;
};

std::vector<LayerGroup> Groups(const ModelSpec& model) {
  std::vector<LayerGroup> groups;
  for (const TensorInfo& tensor : ModelLayers(model)) {
    const LayerName name = SplitLayerName(tensor.layer());
    const auto known = std::ranges::find_if(groups, [&name](const LayerGroup& group) {
      return group.name.stem == name.stem && group.name.rest == name.rest;
    });
    if (known != groups.end()) {
      known->last = name.number;
    } else {
      groups.push_back({name, name.number});
    }
  }
  return groups;
}

std::string Joined(const LayerName& name, const std::string& numbers) {
  return absl::StrCat(name.stem, ".", numbers, name.rest.empty() ? "" : ".", name.rest);
}

void AddOnce(std::string pattern, std::vector<std::string>& patterns) {
  if (std::ranges::find(patterns, pattern) == patterns.end())
    patterns.push_back(std::move(pattern));
}

// What people usually write: a layer in all blocks, all blocks, a part of all blocks.
std::vector<std::string> UsualPatterns(const ModelSpec& model) {
  std::vector<std::string> layers, wider;
  for (const LayerGroup& group : Groups(model)) {
    const LayerName& name = group.name;
    if (name.number < 0) {
      layers.push_back(name.stem);
      continue;
    }
    layers.push_back(Joined(name, "*"));
    AddOnce(name.stem + ".**", wider);
    if (const size_t dot = name.rest.find('.'); dot != std::string::npos)
      AddOnce(absl::StrCat(name.stem, ".*.", name.rest.substr(0, dot), ".*"), wider);
  }
  layers.insert(layers.end(), wider.begin(), wider.end());
  return layers;
}

}  // namespace

std::vector<std::string> LayerPatterns(const ModelSpec& model) {
  std::vector<std::string> patterns;
  for (const LayerGroup& group : Groups(model)) {
    const LayerName& name = group.name;
    patterns.push_back(name.number < 0 ? name.stem
                       : name.number == group.last
                           ? Joined(name, absl::StrCat(name.number))
                           : Joined(name, absl::StrCat("{", name.number, "..", group.last, "}")));
  }
  return patterns;
}

std::string NearestLayerPattern(const std::string& pattern, const ModelSpec& model) {
  // A number that is out of range is no mistake of typing.
  if (pattern.find_first_of("0123456789") != std::string::npos) return "";
  const std::string nearest = Nearest(pattern, UsualPatterns(model));
  return nearest.empty() || EditDistance(pattern, nearest) > 2 ? "" : nearest;
}

}  // namespace fp4::spec
