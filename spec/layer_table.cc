// The resolved table, for people and for programs.
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "spec/layers.h"
#include "spec/model_tensors.h"
#include "spec/recipes.h"
#include "spec/tensor_core.h"

namespace fp4::spec {
namespace {

using Row = std::vector<std::string>;

int64_t BlockOf(const LayerPrecision& layer) { return SplitLayerName(layer.layer).number; }

bool SamePrecision(const LayerPrecision& a, const LayerPrecision& b) {
  return a.out_features == b.out_features && a.in_features == b.in_features &&
         a.recipe == b.recipe && a.estimator == b.estimator && std::ranges::equal(a.gemms, b.gemms);
}

bool SameBlock(std::span<const LayerPrecision> a, std::span<const LayerPrecision> b) {
  return std::ranges::equal(a, b, SamePrecision);
}

// Layers [begin, end) of equal blocks that follow each other are shown once.
struct BlockGroup {
  int64_t first = 0, last = 0;
  std::span<const LayerPrecision> layers;  // of the first
};

std::vector<BlockGroup> GroupBlocks(std::span<const LayerPrecision> layers) {
  std::vector<BlockGroup> groups;
  for (size_t begin = 0; begin < layers.size();) {
    const int64_t block = BlockOf(layers[begin]);
    size_t end = begin + 1;
    while (block >= 0 && end < layers.size() && BlockOf(layers[end]) == block) ++end;
    const auto own = layers.subspan(begin, end - begin);
    const bool repeats = block >= 0 && !groups.empty() && groups.back().first >= 0 &&
                         SameBlock(groups.back().layers, own);
    if (repeats) {
      groups.back().last = block;
    } else {
      groups.push_back({block, block, own});
    }
    begin = end;
  }
  return groups;
}

std::string GroupName(const BlockGroup& group, const std::string& layer) {
  if (group.first == group.last) return layer;
  const LayerName name = SplitLayerName(layer);
  return absl::StrCat(name.stem, ".{", group.first, "..", group.last, "}",
                      name.rest.empty() ? "" : ".", name.rest);
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

std::string GemmText(const GemmPrecision& gemm) {
  if (!gemm.a.quantized() && !gemm.b.quantized()) return "-";
  return absl::StrCat(OrDash(OperandText(gemm.a)), " x ", OrDash(OperandText(gemm.b)));
}

// "4 - 4": of fprop, dgrad and wgrad.
std::string TensorCoreText(const LayerPrecision& layer) {
  std::vector<std::string> bits;
  for (const Gemm gemm : {Gemm::kFprop, Gemm::kDgrad, Gemm::kWgrad}) {
    const int found = TensorCoreBits(layer, gemm);
    bits.push_back(found == 0 ? "-" : absl::StrCat(found));
  }
  const bool none = std::ranges::all_of(bits, [](const std::string& text) { return text == "-"; });
  return none ? "-" : absl::StrJoin(bits, " ");
}

std::string BytesText(double bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? absl::StrFormat("%.0f B", bytes)
                   : absl::StrFormat("%.1f %s", bytes, kUnits[unit]);
}

// A tied head has no matrix of its own unless it is quantized otherwise than the embedding.
bool SharesMatrix(const RunSpec& run, const LayerPrecision& layer) {
  const auto owner = std::ranges::find(run.layers, layer.shares, &LayerPrecision::layer);
  return owner != run.layers.end() && layer.weight() == owner->weight();
}

// As rows of the table: no weight, one operand.
std::vector<LayerPrecision> AttentionRows(const RunSpec& run) {
  std::vector<LayerPrecision> rows;
  for (const AttentionPrecision& precision : run.attention) {
    LayerPrecision& row = rows.emplace_back();
    row.layer = precision.tensor;
    row.recipe = precision.recipe;
    row.out_features = row.in_features = run.model.sequence_length;
    row.gemms[static_cast<int>(Gemm::kFprop)].a = precision.operand;
  }
  return rows;
}

Row AttentionTableRow(const BlockGroup& group, const LayerPrecision& row) {
  return {GroupName(group, row.layer),
          absl::StrCat(row.out_features, " x ", row.in_features),
          row.recipe,
          OperandText(row.gemm(Gemm::kFprop).a),
          "-",
          "-",
          "-",
          "-",
          "-"};
}

Row TableRow(const RunSpec& run, const BlockGroup& group, const LayerPrecision& layer) {
  const ComputeDtype dtype = run.training.compute_dtype;
  const auto count = static_cast<double>(group.last - group.first + 1);
  std::string recipe = layer.recipe;
  if (layer.estimator == Estimator::kNone) recipe += " (frozen)";
  return {
      GroupName(group, layer.layer),
      absl::StrCat(layer.out_features, " x ", layer.in_features),
      recipe,
      layer.is_lookup ? OrDash(OperandText(layer.weight())) : GemmText(layer.gemm(Gemm::kFprop)),
      GemmText(layer.gemm(Gemm::kDgrad)),
      GemmText(layer.gemm(Gemm::kWgrad)),
      TensorCoreText(layer),
      absl::StrFormat("%.4g", layer.weight_bits(dtype)),
      SharesMatrix(run, layer) ? "(shared)"
                               : BytesText(count * static_cast<double>(WeightBytes(layer, dtype)))};
}

std::string Aligned(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  const size_t first_number = widths.size() - 2;
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const int width = static_cast<int>(widths[i]);
      absl::StrAppend(&line, i == 0 ? "" : "  ",
                      i < first_number ? absl::StrFormat("%-*s", width, row[i])
                                       : absl::StrFormat("%*s", width, row[i]));
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

nlohmann::ordered_json OperandJson(const OperandPrecision& operand) {
  if (!operand.quantized()) return nullptr;
  return OperandText(operand);
}

nlohmann::ordered_json GemmJson(const LayerPrecision& layer, Gemm which) {
  const GemmPrecision& gemm = layer.gemm(which);
  nlohmann::ordered_json json = {{"a", OperandJson(gemm.a)}, {"b", OperandJson(gemm.b)}};
  const int bits = TensorCoreBits(layer, which);
  json["tensor_core_bits"] = bits == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(bits);
  return json;
}

}  // namespace

double LayerPrecision::weight_bits(ComputeDtype compute_dtype) const {
  if (!weight().quantized())
    return compute_dtype == ComputeDtype::kBf16 || compute_dtype == ComputeDtype::kFp16 ? 16 : 32;
  return numerics::FindFormat(weight().format)
      ->BitsPerValue(weight().options, {out_features, in_features});
}

int64_t WeightBytes(const LayerPrecision& layer, ComputeDtype compute_dtype) {
  return static_cast<int64_t>(
      std::ceil(layer.weight_bits(compute_dtype) * static_cast<double>(layer.out_features) *
                static_cast<double>(layer.in_features) / 8));
}

int64_t StoredWeightBytes(const RunSpec& run) {
  int64_t total = 0;
  for (const LayerPrecision& layer : run.layers) {
    if (!SharesMatrix(run, layer)) total += WeightBytes(layer, run.training.compute_dtype);
  }
  return total;
}

std::string FormatLayerTable(const RunSpec& run) {
  std::vector<Row> rows = {{"layer", "shape", "recipe", "fprop", "dgrad", "wgrad", "tensor cores",
                            "bits", "weight bytes"}};
  for (const BlockGroup& group : GroupBlocks(run.layers)) {
    for (const LayerPrecision& layer : group.layers) rows.push_back(TableRow(run, group, layer));
  }
  const std::vector<LayerPrecision> attention = AttentionRows(run);
  for (const BlockGroup& group : GroupBlocks(attention)) {
    for (const LayerPrecision& row : group.layers) rows.push_back(AttentionTableRow(group, row));
  }
  rows.push_back({"total", "", "", "", "", "", "", "",
                  BytesText(static_cast<double>(StoredWeightBytes(run)))});
  return Aligned(rows);
}

std::string LayerTableJson(const RunSpec& run) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const LayerPrecision& layer : run.layers) {
    rows.push_back({{"layer", layer.layer},
                    {"shape", {layer.out_features, layer.in_features}},
                    {"recipe", layer.recipe},
                    {"estimator", std::string(EstimatorName(layer.estimator))},
                    {"fprop", GemmJson(layer, Gemm::kFprop)},
                    {"dgrad", GemmJson(layer, Gemm::kDgrad)},
                    {"wgrad", GemmJson(layer, Gemm::kWgrad)},
                    {"weight_bits", layer.weight_bits(run.training.compute_dtype)},
                    {"weight_bytes", WeightBytes(layer, run.training.compute_dtype)}});
    if (SharesMatrix(run, layer)) rows.back()["shares_embedding"] = true;
  }
  for (const LayerPrecision& row : AttentionRows(run)) {
    rows.push_back({{"layer", row.layer},
                    {"shape", {row.out_features, row.in_features}},
                    {"recipe", row.recipe},
                    {"estimator", std::string(EstimatorName(row.estimator))},
                    {"fprop", GemmJson(row, Gemm::kFprop)},
                    {"dgrad", GemmJson(row, Gemm::kDgrad)},
                    {"wgrad", GemmJson(row, Gemm::kWgrad)},
                    {"weight_bits", 0},
                    {"weight_bytes", 0}});
  }
  return rows.dump();
}

}  // namespace fp4::spec
