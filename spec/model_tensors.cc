#include "spec/model_tensors.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <numeric>

#include "spec/model_kinds.h"

namespace fp4::spec {

int64_t TensorInfo::num_elements() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::vector<TensorInfo> ModelTensors(const ModelSpec& model) {
  return KindOf(model).tensors(model);
}

std::vector<TensorInfo> ModelLayers(const ModelSpec& model) {
  std::vector<TensorInfo> layers = ModelTensors(model);
  std::erase_if(layers, [](const TensorInfo& tensor) { return !tensor.is_layer(); });
  return layers;
}

int64_t NumParameters(const ModelSpec& model) {
  int64_t count = 0;
  for (const TensorInfo& tensor : ModelTensors(model)) {
    if (tensor.shares.empty()) count += tensor.num_elements();
  }
  return count;
}

LayerName SplitLayerName(const std::string& layer) {
  const size_t dot = layer.find('.');
  if (dot == std::string::npos) return {.stem = layer};
  LayerName name{.stem = layer.substr(0, dot)};
  const char* const end = layer.data() + layer.size();
  const auto number = std::from_chars(layer.data() + dot + 1, end, name.number);
  const bool numbered = number.ec == std::errc() && (number.ptr == end || *number.ptr == '.');
  if (!numbered) return {.stem = layer};
  if (number.ptr != end) name.rest = std::string(number.ptr + 1, end);
  return name;
}

}  // namespace fp4::spec
