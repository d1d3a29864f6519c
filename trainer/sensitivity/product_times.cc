#include "trainer/sensitivity/product_times.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "spec/model_tensors.h"
#include "trainer/precision/linear.h"
#include "trainer/random_tensors.h"

namespace fp4::trainer {
namespace {

constexpr int kCalls = 7;
constexpr double kWeightSpread = 0.02;  // of the values of weights, roughly as in a run

at::Tensor RandomMatrix(int64_t rows, int64_t columns, at::Device device) {
  return NormalTensor(rows * columns, /*key=*/0, /*counter=*/0).view({rows, columns}).to(device);
}

// One layer under one candidate, at random values.
class TimedLayer {
 public:
  TimedLayer(const spec::LayerPrecision& row, int64_t rows, const ProductTimeParts& parts)
      : parts_(parts),
        layer_(
            row,
            RandomMatrix(row.out_features, row.in_features, parts.backend.device()) * kWeightSpread,
            parts.compute_type, parts.context, parts.backend),
        x_(RandomMatrix(rows, row.in_features, parts.backend.device()).to(parts.compute_type)),
        dy_(RandomMatrix(rows, row.out_features, parts.backend.device()).to(parts.compute_type)) {}

  void Measure() {
    QuantizedLayer* const layer = &layer_;
    refresh_.push_back(Nanoseconds([&] { RefreshWeights({&layer, 1}, parts_.backend); }));
    // What is rotated is made anew for each micro-batch.
    ++parts_.context.micro_batch;
    products_.push_back(Nanoseconds([&] {
      const at::Tensor input = layer_.Input(x_);
      layer_.Fprop(input);
      layer_.Dgrad(dy_);
      layer_.Wgrad(dy_, layer_.Kept(x_, input));
    }));
  }

  // The first call, in which memory is mapped and kernels are chosen, does not count.
  void ForgetFirst() {
    refresh_.clear();
    products_.clear();
  }

  int64_t OfStep(int64_t micro_batches) {
    return Median(refresh_) + micro_batches * Median(products_);
  }

 private:
  template <typename Work>
  int64_t Nanoseconds(const Work& work) const {
    parts_.backend.Synchronize();
    const auto begin = std::chrono::steady_clock::now();
    work();
    parts_.backend.Synchronize();
    return std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
  }

  static int64_t Median(std::vector<int64_t>& times) {
    const auto middle = times.begin() + static_cast<int64_t>(times.size() / 2);
    std::ranges::nth_element(times, middle);
    return *middle;
  }

  const ProductTimeParts& parts_;
  Linear layer_;
  const at::Tensor x_, dy_;
  std::vector<int64_t> refresh_, products_;
};

std::vector<int64_t> MeasureLayer(const std::vector<spec::LayerCandidate>& candidates, int64_t rows,
                                  const ProductTimeParts& parts) {
  std::vector<std::unique_ptr<TimedLayer>> layers;
  for (const spec::LayerCandidate& candidate : candidates)
    layers.push_back(std::make_unique<TimedLayer>(candidate.row, rows, parts));
  for (int call = 0; call <= kCalls; ++call) {
    for (const auto& layer : layers) {
      layer->Measure();
      if (call == 0) layer->ForgetFirst();
    }
  }
  std::vector<int64_t> times;
  for (const auto& layer : layers)
    times.push_back(layer->OfStep(parts.run.micro_batches_per_step()));
  return times;
}

int64_t RowsOf(const std::string& layer, const spec::RunSpec& run) {
  const std::vector<spec::TensorInfo> tensors = spec::ModelLayers(run.model);
  return std::ranges::find(tensors, layer, &spec::TensorInfo::layer)->rows_per_record *
         run.training.micro_batch_size;
}

// What decides how long a layer takes: its shape, its rows, and its candidates by number.
using Shape = std::tuple<int64_t, int64_t, int64_t, std::vector<int32_t>>;

}  // namespace

spec::LayerCosts MeasureProductTimes(const ProductTimeParts& parts) {
  at::NoGradGuard no_grad;
  const StepContext before = parts.context;
  parts.context.observer = nullptr;
  std::map<Shape, std::vector<int64_t>> measured;
  spec::LayerCosts costs;
  for (const auto& candidates : parts.run.budget.candidates.layers) {
    const spec::LayerPrecision& row = candidates.front().row;
    const int64_t rows = RowsOf(row.layer, parts.run);
    Shape shape{row.out_features, row.in_features, rows, {}};
    for (const spec::LayerCandidate& candidate : candidates)
      std::get<3>(shape).push_back(candidate.recipe);
    const auto [found, added] = measured.try_emplace(std::move(shape));
    if (added) found->second = MeasureLayer(candidates, rows, parts);
    costs.push_back(found->second);
  }
  parts.context = before;
  return costs;
}

}  // namespace fp4::trainer
