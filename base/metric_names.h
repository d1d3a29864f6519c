// The numbers that a trainer reports about a run: names of `metrics` events, of points in the
// store, and of checkpoint.metric. One table, for whoever writes, reads or explains them. (What the
// daemons export to Prometheus is another thing: telemetry/.)
#pragma once

#include <string>
#include <string_view>

namespace fp4::metric {

inline constexpr std::string_view kTrainLoss = "train/loss";
inline constexpr std::string_view kGradNorm = "train/grad_norm";
inline constexpr std::string_view kLearningRate = "train/learning_rate";
inline constexpr std::string_view kMuonLearningRate = "train/muon_learning_rate";
inline constexpr std::string_view kLossScale = "train/loss_scale";
inline constexpr std::string_view kTokensPerSecond = "train/tokens_per_second";
inline constexpr std::string_view kValLoss = "val/loss";
inline constexpr std::string_view kValAccuracy = "val/accuracy";
inline constexpr std::string_view kValPerplexity = "val/perplexity";
inline constexpr std::string_view kValExcessLoss = "val/excess_loss";
inline constexpr std::string_view kWeightError = "quant/<layer>/weight_error";
inline constexpr std::string_view kWeightSqnr = "quant/<layer>/weight_sqnr_db";
inline constexpr std::string_view kWeightRelativeError = "quant/<layer>/weight_relative_error";
inline constexpr std::string_view kWeightZeros = "quant/<layer>/weight_zeros";
inline constexpr std::string_view kWeightClipped = "quant/<layer>/weight_clipped";
inline constexpr std::string_view kActivationRelativeError =
    "quant/<layer>/activation_relative_error";
inline constexpr std::string_view kActivationSqnr = "quant/<layer>/activation_sqnr_db";
inline constexpr std::string_view kActivationZeros = "quant/<layer>/activation_zeros";
inline constexpr std::string_view kActivationClipped = "quant/<layer>/activation_clipped";
inline constexpr std::string_view kGradientRelativeError = "quant/<layer>/gradient_relative_error";
inline constexpr std::string_view kGradientSqnr = "quant/<layer>/gradient_sqnr_db";
inline constexpr std::string_view kGradientZeros = "quant/<layer>/gradient_zeros";
inline constexpr std::string_view kGradientClipped = "quant/<layer>/gradient_clipped";
inline constexpr std::string_view kAllocatedBytes = "memory/allocated_bytes";
inline constexpr std::string_view kPeakBytes = "memory/peak_bytes";
inline constexpr std::string_view kMasterBytes = "memory/masters_bytes";
inline constexpr std::string_view kGradientBytes = "memory/gradients_bytes";
inline constexpr std::string_view kOptimizerBytes = "memory/optimizer_state_bytes";
inline constexpr std::string_view kQuantizedWeightBytes = "memory/quantized_weights_bytes";
inline constexpr std::string_view kDecodedWeightBytes = "memory/decoded_weights_bytes";
inline constexpr std::string_view kStateBytes = "memory/state_bytes";
inline constexpr std::string_view kActivationBytes = "memory/activations_bytes";
inline constexpr std::string_view kOtherBytes = "memory/other_bytes";
inline constexpr std::string_view kPackedWeightBytes = "memory/packed_weights_bytes";
inline constexpr std::string_view kEnergy = "energy/joules";

// Which of two values is better, where that can be said at all.
enum class Better { kNeither, kSmaller, kLarger };

struct Metric {
  std::string_view name;  // with <layer> where there is one for each layer
  std::string_view unit;
  Better better;
  std::string_view meaning;  // one sentence for people, without a full stop
};

inline constexpr Metric kTable[] = {
    {kTrainLoss, "nats", Better::kSmaller,
     "mean loss over the targets of this step alone, before its update: cross-entropy, of an "
     "autoencoder the squared error"},
    {kGradNorm, "1", Better::kNeither, "norm of all gradients together, before clipping"},
    {kLearningRate, "1", Better::kNeither, "the rate that this step's update used"},
    {kMuonLearningRate, "1", Better::kNeither,
     "the rate that Muon used in this step's update, for the matrices that it takes"},
    {kLossScale, "1", Better::kNeither, "what the loss is multiplied by in fp16, after this step"},
    {kTokensPerSecond, "tokens/s", Better::kLarger,
     "targets trained on, by the time that the updates since the last such number took"},
    {kValLoss, "nats", Better::kSmaller,
     "mean loss over the validation targets: cross-entropy, of an autoencoder the squared error"},
    {kValAccuracy, "fraction", Better::kLarger,
     "validation targets that the model holds most likely"},
    {kValPerplexity, "1", Better::kSmaller, "exp of `val/loss`"},
    {kValExcessLoss, "nats", Better::kSmaller,
     "`val/loss` minus what is known to be best: the cross-entropy of the true model, of generated "
     "vectors the error of the best linear map"},
    {kWeightError, "weight", Better::kSmaller,
     "mean absolute difference between the layer's weight and its quantized values"},
    {kWeightSqnr, "dB", Better::kLarger,
     "signal-to-noise ratio of the layer's weight as it is quantized"},
    {kWeightRelativeError, "1", Better::kSmaller,
     "norm of the difference between the layer's weight and its quantized values, by the weight's"},
    {kWeightZeros, "fraction", Better::kSmaller,
     "of the weight's values that are not 0, those that quantizing makes 0"},
    {kWeightClipped, "fraction", Better::kSmaller,
     "weights beyond the largest magnitude that their block can hold"},
    {kActivationRelativeError, "1", Better::kSmaller,
     "as of weights, of what enters the layer in a micro-batch of this step"},
    {kActivationSqnr, "dB", Better::kLarger, "signal-to-noise ratio of the same"},
    {kActivationZeros, "fraction", Better::kSmaller, "of its values that are not 0, those made 0"},
    {kActivationClipped, "fraction", Better::kSmaller, "of its values, those cut off"},
    {kGradientRelativeError, "1", Better::kSmaller,
     "as of weights, of the gradient that comes back to the layer in a micro-batch of this step"},
    {kGradientSqnr, "dB", Better::kLarger, "signal-to-noise ratio of the same"},
    {kGradientZeros, "fraction", Better::kSmaller, "of its values that are not 0, those made 0"},
    {kGradientClipped, "fraction", Better::kSmaller, "of its values, those cut off"},
    {kAllocatedBytes, "bytes", Better::kSmaller,
     "what the program holds in memory, as its allocator counts"},
    {kPeakBytes, "bytes", Better::kSmaller,
     "the most that it held at once since the last such number, evaluations and checkpoints "
     "included"},
    {kMasterBytes, "bytes", Better::kSmaller, "the weights that the optimizer updates"},
    {kGradientBytes, "bytes", Better::kSmaller, "the gradients, when those of a step are complete"},
    {kOptimizerBytes, "bytes", Better::kSmaller, "what the optimizers keep from step to step"},
    {kQuantizedWeightBytes, "bytes", Better::kSmaller,
     "codes and scales of the weights that are kept packed"},
    {kDecodedWeightBytes, "bytes", Better::kSmaller,
     "weights that are kept as the products take them, decoded or cast, beside the masters"},
    {kStateBytes, "bytes", Better::kSmaller,
     "weights, gradients and optimizer state: the five numbers before this one together"},
    {kActivationBytes, "bytes", Better::kSmaller,
     "the most that forward and backward of a step held at once beyond what was there before them"},
    {kOtherBytes, "bytes", Better::kSmaller,
     "what is held between two steps and is none of these parts: data, tables, the libraries' own"},
    {kPackedWeightBytes, "bytes", Better::kSmaller,
     "what the weights of all layers would take, stored as the document's formats say: computed, "
     "not measured"},
    {kEnergy, "joules", Better::kSmaller,
     "what the device has used for the run so far, on GPUs that count it"},
};

// The name for one layer: OfLayer(kWeightError, "lm_head") is "quant/lm_head/weight_error".
std::string OfLayer(std::string_view name, std::string_view layer);

// kNeither for a name that is not in the table.
Better BetterOf(std::string_view name);

}  // namespace fp4::metric
