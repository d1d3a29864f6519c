// Codes of `health` events: what a run finds out about itself. One table, for the checks that
// report them, for those who show them, and for docs/operations.md.
#pragma once

#include <string_view>

namespace fp4::health_code {

inline constexpr std::string_view kFrozenLayer = "frozen_layer";
inline constexpr std::string_view kNonFinite = "non_finite";
inline constexpr std::string_view kNoGradient = "no_gradient";
inline constexpr std::string_view kAnomaly = "anomaly";
inline constexpr std::string_view kDeadUnits = "dead_units";
inline constexpr std::string_view kWeightRange = "weight_range";
inline constexpr std::string_view kUnderflow = "underflow";
inline constexpr std::string_view kClipping = "clipping";
inline constexpr std::string_view kScaleSaturation = "scale_saturation";
inline constexpr std::string_view kOscillation = "oscillation";

struct HealthCode {
  std::string_view code;
  std::string_view severity;  // of its events: "error" or "warning"
  std::string_view summary;   // what several events of the code have in common, a few words
  std::string_view meaning;   // one sentence for people, without a full stop
  std::string_view advice;    // what a person would try first, without a full stop
};

inline constexpr HealthCode kTable[] = {
    {kFrozenLayer, "error", "no gradient arrives and not a bit has changed",
     "no gradient arrives at a tensor, and not a bit of it has changed over five updates; the run "
     "goes on",
     "look which rule or recipe holds the layer still: an `estimator` that lets the gradient "
     "through, such as `straight-through`, makes it learn"},
    {kNonFinite, "error", "a number that is not finite",
     "a loss or a gradient is no number: the update is not applied, and the run stops or does what "
     "`training.on_anomaly` asks for; after an evaluation it goes on, but does not end as "
     "completed "
     "when the last one is concerned",
     "lower `optimizer.learning_rate` or lengthen `lr_schedule.warmup_steps`, and clip with "
     "`training.grad_clip_norm`; in fp16 begin with a smaller `training.loss_scale.initial`"},
    {kNoGradient, "error", "every gradient is exactly zero",
     "all gradients together were exactly zero in five updates in a row, as when the activations "
     "have overflowed; the run goes on",
     "lower `optimizer.learning_rate`, or begin with a smaller `model.init_std`; in fp16 look at "
     "`train/loss_scale`"},
    {kAnomaly, "warning", "a loss or gradient norm far above the usual",
     "a loss or gradient norm lies far above those of the steps before it; `training.on_anomaly` "
     "says what becomes of the update",
     "now and then it is harmless; else lower `optimizer.learning_rate`, clip with "
     "`training.grad_clip_norm`, or let `training.on_anomaly` skip such updates"},
    {kDeadUnits, "warning", "many units give one number whatever the input",
     "more than a tenth of the units that feed a layer gave one number for all records, in three "
     "looks in a row",
     "lower `optimizer.learning_rate`, or take an activation with a gradient on both sides "
     "(`silu`, `gelu`)"},
    {kWeightRange, "warning", "weights beyond the format's largest number",
     "a weight is larger than the largest number of its format, which has no scale",
     "take a format whose blocks have scales, such as `nvfp4` or `mxfp4`, or more "
     "`optimizer.weight_decay`"},
    {kUnderflow, "warning", "quantizing makes many values 0",
     "of an operand's values that are not 0, more become 0 than the format does by design, in two "
     "looks in a row",
     "take a smaller `block` or a format with finer scales for that operand (`nvfp4`), or rotate "
     "it with `hadamard`"},
    {kClipping, "warning", "quantizing cuts off many values",
     "more of an operand's values lie beyond the largest magnitude that their block holds than a "
     "scale should let, in two looks in a row",
     "rotate the operand with `hadamard`, or clamp outliers of activations with "
     "`outlier_quantile`"},
    {kScaleSaturation, "warning", "block scales at the end of their range",
     "more than a tenth of an operand's block scales stand at the smallest or the largest code of "
     "their type, in two looks in a row",
     "the operand spans more than its scales do: rotate it with `hadamard`, or take a format with "
     "a wider scale (`mxfp4`)"},
    {kOscillation, "warning", "many weights jump to and fro",
     "more than a tenth of a sample of a layer's quantized weights jump to and fro between two "
     "numbers while their masters hardly move",
     "freeze such weights with `precision.de_oscillation`, or let the learning rate fall lower "
     "(`lr_schedule.min_factor`)"},
};

// The row of `code`; null for a code of another version.
constexpr const HealthCode* Find(std::string_view code) {
  for (const HealthCode& row : kTable) {
    if (row.code == code) return &row;
  }
  return nullptr;
}

}  // namespace fp4::health_code
