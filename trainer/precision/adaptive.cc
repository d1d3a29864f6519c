#include "trainer/precision/adaptive.h"

#include <algorithm>

#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr double kDecay = 0.9;
constexpr char kNumbers[] = "precision.adaptive.";  // of each layer: six fp64 numbers

const spec::LayerPrecision* FindRow(const std::vector<spec::LayerPrecision>& table,
                                    const std::string& layer) {
  auto row = std::ranges::find(table, layer, &spec::LayerPrecision::layer);
  return row == table.end() ? nullptr : &*row;
}

double MeanMagnitude(const at::Tensor& values) {
  return values.abs().mean(at::kDouble).item<double>();
}

void Average(double value, int64_t observed, double& average) {
  average = observed == 0 ? value : kDecay * average + (1 - kDecay) * value;
}

}  // namespace

AdaptivePrecision::AdaptivePrecision(const spec::RunSpec& run, Model& model,
                                     const StepContext& context, Backend& backend)
    : spec_(run.adaptive), context_(context), backend_(backend) {
  for (QuantizedLayer* layer : model.layers()) {
    if (const spec::LayerPrecision* row = FindRow(run.adaptive_high, layer->name()))
      watches_.push_back({.layer = layer, .high_row = row});
  }
}

const OperandQuantizer& AdaptivePrecision::QuantizerOf(Watch& watch,
                                                       const spec::LayerPrecision& low) const {
  if (!watch.quantizer || watch.quantizer_of != low.weight()) {
    watch.quantizer.emplace(low.weight(), low.layer + "/adaptive", "b", at::kFloat, context_,
                            backend_);
    watch.quantizer_of = low.weight();
  }
  return *watch.quantizer;
}

void AdaptivePrecision::Follow(Watch& watch, const spec::LayerPrecision& low) const {
  const at::Tensor master = watch.layer->master().detach();
  const at::Tensor& gradient = watch.layer->master().grad();
  const double scale = spec_.relative ? std::max(MeanMagnitude(master), 1e-30) : 1.0;
  const double r = gradient.defined() ? MeanMagnitude(gradient) / scale : 0.0;
  const double e = MeanMagnitude(QuantizerOf(watch, low).Apply(master) - master) / scale;
  Average(r, watch.observed, watch.gradient);
  Average(e, watch.observed, watch.error);
  ++watch.observed;
}

bool AdaptivePrecision::SpeaksForSwitch(const Watch& watch) const {
  const auto above = [](double value, double bound) { return bound > 0 && value > bound; };
  if (!watch.high)
    return above(watch.gradient, spec_.gradient_above) || above(watch.error, spec_.error_above);
  const auto stays = [this](double value, double bound) {
    return bound > 0 && value >= spec_.release * bound;
  };
  return !stays(watch.gradient, spec_.gradient_above) && !stays(watch.error, spec_.error_above);
}

std::vector<PrecisionSwitch> AdaptivePrecision::Observe(
    int64_t update, const std::vector<spec::LayerPrecision>& low) {
  at::NoGradGuard no_grad;
  std::vector<PrecisionSwitch> switches;
  for (Watch& watch : watches_) {
    const spec::LayerPrecision* row = FindRow(low, watch.layer->name());
    if (row == nullptr || !row->weight().quantized()) continue;
    Follow(watch, *row);
    watch.in_a_row = SpeaksForSwitch(watch) ? watch.in_a_row + 1 : 0;
    const bool rested = watch.last_switch == 0 || update - watch.last_switch >= spec_.dwell;
    if (watch.in_a_row < spec_.patience || !rested) continue;
    watch.high = !watch.high;
    watch.in_a_row = 0;
    watch.last_switch = update;
    switches.push_back({watch.layer->name(), watch.high, watch.gradient, watch.error});
  }
  return switches;
}

std::vector<bool> AdaptivePrecision::HighAt(int64_t update) const {
  std::vector<bool> high;
  high.reserve(watches_.size());
  for (const Watch& watch : watches_)
    high.push_back(update > watch.last_switch ? watch.high : !watch.high);
  return high;
}

std::vector<spec::LayerPrecision> AdaptivePrecision::Table(
    const std::vector<spec::LayerPrecision>& low, const std::vector<bool>& high) const {
  std::vector<spec::LayerPrecision> table = low;
  for (size_t i = 0; i < watches_.size(); ++i) {
    if (!high[i]) continue;
    auto row = std::ranges::find(table, watches_[i].layer->name(), &spec::LayerPrecision::layer);
    if (row != table.end()) *row = *watches_[i].high_row;
  }
  return table;
}

void AdaptivePrecision::Save(StateSnapshot& snapshot) const {
  for (const Watch& watch : watches_) {
    const double numbers[] = {watch.high ? 1.0 : 0.0,
                              watch.gradient,
                              watch.error,
                              static_cast<double>(watch.observed),
                              static_cast<double>(watch.in_a_row),
                              static_cast<double>(watch.last_switch)};
    snapshot.Add(kNumbers + watch.layer->name(),
                 at::tensor(at::ArrayRef<double>(numbers), at::kDouble));
  }
}

absl::Status AdaptivePrecision::Restore(const StateReader& reader) {
  for (Watch& watch : watches_) {
    FP4_ASSIGN_OR_RETURN(at::Tensor read,
                         reader.Read(kNumbers + watch.layer->name(), {6}, at::kDouble));
    const auto* numbers = read.const_data_ptr<double>();
    watch.high = numbers[0] != 0.0;
    watch.gradient = numbers[1];
    watch.error = numbers[2];
    watch.observed = static_cast<int64_t>(numbers[3]);
    watch.in_a_row = static_cast<int64_t>(numbers[4]);
    watch.last_switch = static_cast<int64_t>(numbers[5]);
  }
  return absl::OkStatus();
}

}  // namespace fp4::trainer
