#include "numerics/analysis/format_charts.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status_macros.h"
#include "numerics/cpu/quantize.h"

namespace fp4::numerics::analysis {
namespace {

constexpr int kBins = 101;
constexpr int64_t kSamplePoints = 800;

// Eight to the decade, from 1e-10 to 1e6: a step is less than half an octave, fine enough for the
// saw teeth of power-of-two scales.
std::vector<double> Scales() {
  std::vector<double> scales;
  for (int i = -80; i <= 48; ++i) scales.push_back(std::pow(10.0, i / 8.0));
  return scales;
}

struct RoundTrip {
  std::vector<float> decoded;
  ErrorStats stats;
};

absl::StatusOr<RoundTrip> MakeRoundTrip(const FormatChoice& choice, std::span<const float> values,
                                        MatrixShape shape, const ParallelFor& parallel) {
  RoundTrip trip;
  trip.decoded.resize(values.size());
  FP4_RETURN_IF_ERROR(cpu::QuantizeDequantize(*choice.format, values, shape, choice.options,
                                              trip.decoded, parallel));
  trip.stats = MeasureError(values, trip.decoded, parallel);
  return trip;
}

std::vector<float> Difference(std::span<const float> a, std::span<const float> b) {
  std::vector<float> difference(a.size());
  for (size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b[i];
  return difference;
}

// What is measured of the generated weight; the histogram of errors needs a range that all formats
// share and comes later.
absl::Status MeasureWeight(std::span<const float> weight, BinRange range, FormatFigures& figures,
                           const ParallelFor& parallel) {
  const FormatChoice& choice = figures.choice;
  Quantized quantized;
  FP4_RETURN_IF_ERROR(
      cpu::Encode(*choice.format, weight, kWeightShape, choice.options, quantized, parallel));
  std::vector<float> decoded(weight.size());
  FP4_RETURN_IF_ERROR(cpu::Decode(*choice.format, quantized, choice.options, decoded, parallel));
  figures.stats = MeasureError(weight, decoded, parallel);
  figures.clipped = CountClipped(*choice.format, weight, quantized, choice.options);
  figures.weight_bytes = quantized.stored_bytes();
  figures.weight_bits_per_value = choice.format->BitsPerValue(choice.options, kWeightShape);
  figures.has_tensor_scale = quantized.has_tensor_scale;
  figures.tensor_scale = quantized.tensor_scale;
  figures.decoded = CountValues(decoded, range, kBins);
  figures.sample = SamplePairs(weight, decoded, kSamplePoints);
  figures.correlation = Correlation(weight, decoded);
  return absl::OkStatus();
}

absl::Status MeasureSchemes(uint64_t seed, std::span<FormatFigures> formats,
                            const ParallelFor& parallel) {
  for (const InitScheme scheme : AllInitSchemes()) {
    const std::vector<float> weight = GenerateWeight(scheme, kWeightShape, seed);
    for (FormatFigures& figures : formats) {
      FP4_ASSIGN_OR_RETURN(const RoundTrip trip,
                           MakeRoundTrip(figures.choice, weight, kWeightShape, parallel));
      figures.sqnr_by_scheme.push_back(trip.stats.sqnr_db);
    }
  }
  return absl::OkStatus();
}

// All histograms share one range, which is wide enough for the worst format.
absl::Status MeasureErrors(std::span<const float> weight, std::span<FormatFigures> formats,
                           const ParallelFor& parallel) {
  double largest = 0;
  for (const FormatFigures& figures : formats)
    largest = std::max(largest, figures.stats.max_abs_error);
  if (largest == 0) largest = 1;
  for (FormatFigures& figures : formats) {
    FP4_ASSIGN_OR_RETURN(const RoundTrip trip,
                         MakeRoundTrip(figures.choice, weight, kWeightShape, parallel));
    figures.errors = CountValues(Difference(trip.decoded, weight), {-largest, largest}, kBins);
  }
  return absl::OkStatus();
}

absl::Status MeasureElements(FormatFigures& figures) {
  FP4_ASSIGN_OR_RETURN(Probe probe, Probe::Create(figures.choice));
  figures.range = MeasureRange(probe);
  figures.error_by_magnitude = RelativeErrorByMagnitude(probe, kMagnitudeBins);
  figures.staircase = TraceStaircase(probe);
  return absl::OkStatus();
}

void CountMemory(FormatFigures& figures) {
  const Format& format = *figures.choice.format;
  figures.bits_per_element = format.info().bits_per_element;
  figures.bits_per_value = format.BitsPerValue(figures.choice.options, kStoredShape);
  figures.stored_bytes =
      std::llround(figures.bits_per_value * static_cast<double>(kStoredShape.size()) / 8);
}

}  // namespace

absl::Status CheckChoices(std::span<const FormatChoice> choices) {
  for (const FormatChoice& choice : choices) {
    for (const MatrixShape shape : {kWeightShape, kStoredShape})
      FP4_RETURN_IF_ERROR(choice.format->Check(choice.options, shape));
    FP4_RETURN_IF_ERROR(Probe::Create(choice).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<double>> RelativeErrorByScale(const FormatChoice& choice,
                                                         std::span<const float> values,
                                                         MatrixShape shape,
                                                         std::span<const double> scales,
                                                         const ParallelFor& parallel) {
  std::vector<double> errors;
  std::vector<float> scaled(values.size());
  for (const double scale : scales) {
    std::transform(values.begin(), values.end(), scaled.begin(),
                   [&](float value) { return static_cast<float>(value * scale); });
    FP4_ASSIGN_OR_RETURN(const RoundTrip trip, MakeRoundTrip(choice, scaled, shape, parallel));
    errors.push_back(trip.stats.non_finite > 0 ? std::numeric_limits<double>::quiet_NaN()
                                               : std::sqrt(trip.stats.relative_mse));
  }
  return errors;
}

absl::StatusOr<FormatCharts> ComputeFormatCharts(std::span<const FormatChoice> choices,
                                                 uint64_t seed, const ParallelFor& parallel) {
  FP4_RETURN_IF_ERROR(CheckChoices(choices));
  const std::vector<float> weight = GenerateWeight(InitScheme::kNormal, kWeightShape, seed);
  std::vector<float> unit(weight.begin(), weight.begin() + kScaledShape.size());
  for (float& value : unit) value *= 50;  // The weight has a standard deviation of 0.02.
  FormatCharts charts;
  charts.scales = Scales();
  const BinRange range = RangeOf(weight);
  charts.original = CountValues(weight, range, kBins);
  for (const FormatChoice& choice : choices) {
    FormatFigures& figures = charts.formats.emplace_back();
    figures.choice = choice;
    FP4_RETURN_IF_ERROR(MeasureWeight(weight, range, figures, parallel));
    FP4_ASSIGN_OR_RETURN(figures.error_by_scale,
                         RelativeErrorByScale(choice, unit, kScaledShape, charts.scales, parallel));
    FP4_RETURN_IF_ERROR(MeasureElements(figures));
    CountMemory(figures);
  }
  FP4_RETURN_IF_ERROR(MeasureSchemes(seed, charts.formats, parallel));
  FP4_RETURN_IF_ERROR(MeasureErrors(weight, charts.formats, parallel));
  return charts;
}

}  // namespace fp4::numerics::analysis
