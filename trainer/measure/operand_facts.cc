#include "trainer/measure/operand_facts.h"

#include <algorithm>
#include <cmath>

#include "base/metric_names.h"
#include "numerics/block_format.h"
#include "numerics/cpu/quantize.h"
#include "numerics/error_stats.h"
#include "numerics/scale_use.h"
#include "trainer/parallel_for.h"

namespace fp4::trainer {
namespace {

// The tallest tile that a format shares a scale in.
constexpr int64_t kTallestTile = 16;

int64_t RowsMeasured(const at::Tensor& values) {
  const int64_t rows = (kMeasuredElements + values.size(1) - 1) / values.size(1);
  return std::min((rows + kTallestTile - 1) / kTallestTile * kTallestTile, values.size(0));
}

at::Tensor FirstRows(const at::Tensor& values, int64_t rows) {
  return values.narrow(0, 0, rows).to(at::kCPU, at::kFloat).contiguous();
}

std::span<const float> Span(const at::Tensor& values) {
  return {values.const_data_ptr<float>(), static_cast<size_t>(values.numel())};
}

double Share(int64_t count, int64_t of) {
  return of == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(of);
}

double LargestMagnitude(const at::Tensor& values) { return values.abs().max().item<double>(); }

// Under one scale for the whole tensor the largest magnitude that it reaches is there.
OperandFacts::Scales OfOneScale(const at::Tensor& operand, const at::Tensor& first_values) {
  const double limit = LargestMagnitude(operand) * (1 + 1e-6);
  return {.clipped =
              Share(first_values.abs().gt(limit).sum().item<int64_t>(), first_values.numel())};
}

// By encoding the rows again, as they were.
OperandFacts::Scales OfBlocks(const OperandQuantizer& quantizer, const QuantizeJob& job,
                              const at::Tensor& first_values) {
  numerics::QuantizeOptions options = job.options;
  // The scale of the tensor is that of all its rows, where the format has one.
  const bool partial = first_values.size(0) < job.values.size(0);
  const bool has_tensor_scale = job.format->info().scale_rule == numerics::ScaleRule::kTwoLevel;
  if (partial && has_tensor_scale && options.hadamard == 0) {
    const auto amax = static_cast<float>(LargestMagnitude(job.values));
    if (std::isfinite(amax)) options.tensor_amax = amax;
  }
  const at::Tensor clamped = quantizer.Clamped(first_values);
  const numerics::MatrixShape shape{clamped.size(0), clamped.size(1)};
  numerics::Quantized quantized;
  const absl::Status status =
      numerics::cpu::Encode(*job.format, Span(clamped), shape, options, quantized, ParallelFor);
  TORCH_CHECK(status.ok(), std::string(status.message()));
  const numerics::ScaleUse use =
      numerics::MeasureScaleUse(*job.format, Span(clamped), quantized, options);
  int64_t clipped = use.clipped;
  if (quantizer.loses_outliers()) clipped += clamped.ne(first_values).sum().item<int64_t>();
  // The scale of the tensor is chosen so that the block of its largest element has the largest one.
  const int64_t by_design = has_tensor_scale && use.at_largest > 0 ? 1 : 0;
  return {.clipped = Share(clipped, clamped.numel()),
          .at_smallest = Share(use.at_smallest, use.blocks),
          .at_largest = Share(use.at_largest - by_design, use.blocks)};
}

OperandFacts::Scales MeasureScales(const OperandQuantizer& quantizer, const at::Tensor& values,
                                   const at::Tensor& operand, const at::Tensor& first_values) {
  const QuantizeJob job = quantizer.Job(values, operand);
  const auto block = numerics::ResolveBlock(job.format->info(), job.options);
  return block.ok() && block->kind == numerics::BlockShape::Kind::kTensor
             ? OfOneScale(operand, first_values)
             : OfBlocks(quantizer, job, first_values);
}

// Formats that reach as far as fp32 hold everything.
std::optional<double> LargestHeld(const QuantizeJob& job) {
  const numerics::FormatInfo& info = job.format->info();
  const auto block = numerics::ResolveBlock(info, job.options);
  if (!block.ok() || block->kind != numerics::BlockShape::Kind::kElement) return std::nullopt;
  if (info.element == numerics::ElementType::kFp16) return 65504.0;
  if (info.max_value == 0.0f) return std::nullopt;
  return info.max_value;
}

OperandFacts MeasureError(const at::Tensor& values, const at::Tensor& operand) {
  const numerics::ErrorStats stats =
      numerics::MeasureError(Span(values), Span(operand), ParallelFor);
  OperandFacts facts;
  facts.relative_error = std::sqrt(stats.relative_mse);
  facts.sqnr_db = stats.sqnr_db;
  facts.zeros = Share(stats.zeros_created, stats.num_relative);
  return facts;
}

}  // namespace

std::string_view NameOf(Operand operand) {
  switch (operand) {
    case Operand::kWeights:
      return "weights";
    case Operand::kActivations:
      return "activations";
    case Operand::kGradients:
      return "gradients";
  }
  return "";
}

OperandFacts MeasureOperand(const OperandQuantizer& quantizer, const at::Tensor& values,
                            const at::Tensor& operand) {
  at::NoGradGuard no_grad;
  const int64_t rows = RowsMeasured(values);
  const at::Tensor first_values = FirstRows(values, rows);
  OperandFacts facts = MeasureError(first_values, FirstRows(operand, rows));
  facts.format = quantizer.format();
  facts.scales = MeasureScales(quantizer, values, operand, first_values);
  return facts;
}

OperandFacts MeasureWeight(const QuantizedLayer& layer) {
  at::NoGradGuard no_grad;
  const at::Tensor master = layer.master().detach().to(at::kFloat);
  const at::Tensor weight = layer.weight().to(at::kFloat);
  const at::Tensor error = weight - master;
  const double signal = master.square().sum(at::kDouble).item<double>();
  const double noise = error.square().sum(at::kDouble).item<double>();
  const at::Tensor is_zero = master.eq(0);
  const int64_t not_zero = master.numel() - is_zero.sum().item<int64_t>();
  OperandFacts facts{
      .layer = layer.name(),
      .operand = Operand::kWeights,
      .mean_error = error.abs().mean(at::kDouble).item<double>(),
      .relative_error = std::sqrt(noise / signal),
      .sqnr_db = 10 * std::log10(signal / noise),
      .zeros =
          Share(weight.eq(0).logical_and_(is_zero.logical_not_()).sum().item<int64_t>(), not_zero),
      .largest = LargestMagnitude(master)};
  if (const OperandQuantizer* quantizer = layer.weight_quantizer()) {
    facts.format = quantizer->format();
    facts.largest_held = LargestHeld(quantizer->Job(master, weight));
    const at::Tensor rows = master.flatten(1);
    facts.scales =
        MeasureScales(*quantizer, rows, weight.flatten(1), FirstRows(rows, RowsMeasured(rows)));
  }
  return facts;
}

MetricValues MetricsOf(const OperandFacts& facts) {
  struct Names {
    std::string_view error, relative_error, sqnr_db, zeros, clipped;
  };
  constexpr Names kNames[] = {// by Operand
                              {metric::kWeightError, metric::kWeightRelativeError,
                               metric::kWeightSqnr, metric::kWeightZeros, metric::kWeightClipped},
                              {"", metric::kActivationRelativeError, metric::kActivationSqnr,
                               metric::kActivationZeros, metric::kActivationClipped},
                              {"", metric::kGradientRelativeError, metric::kGradientSqnr,
                               metric::kGradientZeros, metric::kGradientClipped}};
  const Names& names = kNames[static_cast<int>(facts.operand)];
  MetricValues values;
  const auto add = [&](std::string_view name, double value) {
    if (!name.empty()) values.emplace_back(metric::OfLayer(name, facts.layer), value);
  };
  add(names.error, facts.mean_error);
  add(names.sqnr_db, facts.sqnr_db);
  add(names.relative_error, facts.relative_error);
  add(names.zeros, facts.zeros);
  if (facts.scales) add(names.clipped, facts.scales->clipped);
  return values;
}

}  // namespace fp4::trainer
