#include "trainer/sensitivity/scorer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "spec/layers.h"
#include "trainer/precision/linear.h"
#include "trainer/sensitivity/exact_backward.h"

namespace fp4::trainer {
namespace {

void Append(const at::Tensor& values, std::vector<double>& to) {
  const at::Tensor on_cpu = values.to(at::kCPU).contiguous();
  const auto* data = on_cpu.const_data_ptr<double>();
  to.insert(to.end(), data, data + on_cpu.numel());
}

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Of the mean; NaN where there is one value alone.
double StandardError(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  if (values.size() < 2) return NAN;
  const double mean = Mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / (count - 1) / count);
}

std::vector<double> Sums(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> sums = a;
  for (size_t i = 0; i < sums.size(); ++i) sums[i] += b[i];
  return sums;
}

bool QuantizesWgrad(const spec::LayerPrecision& row) {
  const spec::GemmPrecision& wgrad = row.gemm(spec::Gemm::kWgrad);
  return wgrad.a.quantized() || wgrad.b.quantized();
}

}  // namespace

RecordTerms TermsOf(const Perturbation& seen, int64_t records, int64_t targets) {
  if (seen.logits.defined())
    return FollowedTerms(seen.logits, seen.changed_logits, seen.targets, records);
  return ExpandedTerms(seen.gradient, seen.sampled_gradient, seen.change, records, targets);
}

void AppendTerms(const RecordTerms& of_batch, TermSamples& terms) {
  Append(of_batch.first, terms.first);
  Append(of_batch.second, terms.second);
}

Estimate EstimateOf(const TermSamples& samples) {
  Estimate estimate;
  estimate.first_order = Mean(samples.first);
  estimate.second_order = Mean(samples.second);
  estimate.loss_change =
      spec::Shrunk(estimate.first_order, StandardError(samples.first)) + estimate.second_order;
  estimate.standard_error = StandardError(Sums(samples.first, samples.second));
  return estimate;
}

void AddRecordTerms(const PlaceTensors& seen, const at::Tensor& change, int half,
                    TermSamples& terms) {
  const RecordTerms all =
      ExpandedTerms(seen.gradient, seen.sampled_gradient, change, seen.records, seen.targets);
  Append(OfHalf(all.first.unsqueeze(1), seen, half), terms.first);
  Append(OfHalf(all.second.unsqueeze(1), seen, half), terms.second);
}

double Scorer::GradientDivergence(const Perturbation& seen) const {
  if (!QuantizesWgrad(*seen.row)) return 0;
  Linear layer(*seen.row, *seen.master, parts_.compute_type, parts_.context, parts_.backend);
  const at::Tensor dy = seen.gradient.to(parts_.compute_type);
  const at::Tensor exact = at::mm(dy.t(), seen.input).to(at::kFloat);
  const at::Tensor quantized = layer.Wgrad(dy, layer.Kept(seen.input, layer.Input(seen.input)));
  return ((quantized - exact).norm() / exact.norm().clamp_min(1e-30)).item<double>();
}

Measurement Scorer::MeasureOne(const Batch& batch, double loss_scale, uint64_t draw) const {
  const int64_t records = batch.inputs.size(0);
  Measurement measured{.samples = {}, .micro_batches = 1, .targets = records * targets_per_record_};
  for (const auto& layer : parts_.candidates.layers) measured.samples.emplace_back(layer.size());
  VisitPerturbations(parts_, batch, measured.targets, loss_scale, draw,
                     [&](const Perturbation& seen) {
                       TermSamples& terms = measured.samples[seen.layer][seen.candidate];
                       AppendTerms(TermsOf(seen, records, measured.targets), terms);
                       if (parts_.from_exact) std::ranges::fill(terms.first, 0.0);
                       terms.gradient_divergence += GradientDivergence(seen);
                       ++terms.micro_batches;
                     });
  return measured;
}

std::vector<Measurement> Scorer::Measure(std::span<const Batch> batches, double loss_scale,
                                         uint64_t draw) const {
  const ExactBackward exact(parts_.model);
  const std::string layer = parts_.context.layer;
  std::vector<Measurement> measurements;
  for (const Batch& batch : batches) {
    // Far from those of another call.
    const uint64_t own = (draw << 16U) + measurements.size();
    measurements.push_back(MeasureOne(batch, loss_scale, own));
  }
  parts_.context.layer = layer;
  return measurements;
}

Measurement Joined(std::span<const Measurement> measurements) {
  Measurement joined = measurements.front();
  for (const Measurement& more : measurements.subspan(1)) {
    joined.micro_batches += more.micro_batches;
    joined.targets += more.targets;
    for (size_t layer = 0; layer < more.samples.size(); ++layer) {
      for (size_t i = 0; i < more.samples[layer].size(); ++i) {
        TermSamples& to = joined.samples[layer][i];
        const TermSamples& from = more.samples[layer][i];
        to.first.insert(to.first.end(), from.first.begin(), from.first.end());
        to.second.insert(to.second.end(), from.second.begin(), from.second.end());
        to.gradient_divergence += from.gradient_divergence;
        to.micro_batches += from.micro_batches;
      }
    }
  }
  return joined;
}

spec::ScoreTable TableOf(const Measurement& measurement, const spec::Candidates& candidates,
                         spec::ComputeDtype compute_dtype, const Model& model, int64_t step) {
  spec::ScoreTable table{.step = step,
                         .micro_batches = measurement.micro_batches,
                         .targets = measurement.targets,
                         .layers = {}};
  for (size_t l = 0; l < candidates.layers.size(); ++l) {
    spec::LayerScores layer;
    layer.layer = candidates.layers[l].front().row.layer;
    layer.current =
        std::ranges::find(model.table(), layer.layer, &spec::LayerPrecision::layer)->recipe;
    for (size_t c = 0; c < candidates.layers[l].size(); ++c) {
      const TermSamples& terms = measurement.samples[l][c];
      if (terms.micro_batches == 0) continue;  // no gradient reaches the layer
      const spec::LayerPrecision& row = candidates.layers[l][c].row;
      const Estimate estimate = EstimateOf(terms);
      layer.scores.push_back({.recipe = row.recipe,
                              .bytes = spec::WeightBytes(row, compute_dtype),
                              .loss_change = estimate.loss_change,
                              .standard_error = estimate.standard_error,
                              .first_order = estimate.first_order,
                              .second_order = estimate.second_order,
                              .gradient_divergence = terms.gradient_divergence /
                                                     static_cast<double>(terms.micro_batches)});
    }
    table.layers.push_back(std::move(layer));
  }
  return table;
}

}  // namespace fp4::trainer
