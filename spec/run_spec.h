// One run's experiment: the document after variants, overrides and defaults, for one variant and
// one seed. Plain data; what each field means, its range and default stand in the table of fields
// (spec/fields.cc), from which the reader, the schema and the reference page come. Lengths are in
// tokens, times in the type.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "numerics/format.h"

namespace fp4::spec {

enum class Norm : uint8_t { kRmsNorm, kLayerNorm };
enum class Activation : uint8_t { kSilu, kSwiglu, kGelu, kRelu2 };
enum class RotaryAxis : uint8_t { kSequence, kHeads, kNone };
enum class RotaryFrequencies : uint8_t { kFull, kHalfTruncated };
enum class DataSource : uint8_t { kSynthetic, kText, kTokens, kImages, kVectors };
enum class Split : uint8_t { kDocument, kWindow };
enum class Window : uint8_t { kDisjoint, kSliding };
enum class ComputeDtype : uint8_t { kAuto, kFp32, kBf16, kFp16 };
enum class DecayOn : uint8_t { kMatrices, kAll };
enum class Schedule : uint8_t { kCosine, kLinear, kWsd, kConstant };
enum class AnomalyAction : uint8_t { kStop, kLog, kSkip, kRollback };
enum class MuonScale : uint8_t { kKeller, kMoonlight };
enum class MuonDtype : uint8_t { kBf16, kFp32 };
enum class OptimizerStates : uint8_t { kFp32, k8Bit, k4Bit, kFp8 };
enum class StoredDtype : uint8_t { kFp32, kBf16 };

// Images to classes.
struct ConvnetSpec {
  std::vector<int64_t> channels;  // of each stage
  int64_t kernel = 0, image_size = 0, image_channels = 0, num_classes = 0;
};

// Vectors to the same vectors.
struct AutoencoderSpec {
  std::vector<int64_t> layer_sizes;  // the data's width first and last

  // The first layer with the fewest outputs, which no activation follows. The narrowest of the
  // inputs is the width of the data, which is the last layer's output too.
  int64_t narrowest_layer() const;
};

// Fields that the kind does not have stand at their zero.
struct ModelSpec {
  std::string kind = "transformer";  // a spec::ModelKind's name
  std::string preset;
  int64_t d_model = 0, num_layers = 0, num_heads = 0, d_ff = 0, vocab_size = 0, sequence_length = 0;
  Norm norm = Norm::kRmsNorm;
  double norm_eps = 1e-6;
  Activation activation = Activation::kSilu;
  double dropout = 0;
  bool tie_embeddings = true;
  RotaryAxis rotary_axis = RotaryAxis::kSequence;
  RotaryFrequencies rotary_frequencies = RotaryFrequencies::kFull;
  bool embedding_scale = false;
  int64_t num_kv_heads = 0;  // of grouped queries; 0: num_heads
  bool sub_norm = false;     // RMS norms before attention.out and before mlp.down
  double init_std = 0.02;
  std::string initialize_from;  // absolute, or empty
  ConvnetSpec convnet;
  AutoencoderSpec autoencoder;

  bool gated() const { return activation == Activation::kSwiglu; }
  int64_t kv_heads() const { return num_kv_heads == 0 ? num_heads : num_kv_heads; }
};

struct DataSpec {
  DataSource source = DataSource::kSynthetic;
  std::vector<std::string> paths;  // absolute patterns, not yet expanded
  std::vector<std::string> validation_paths;
  std::string tokenizer = "bytes";  // "bytes" or a SentencePiece model file
  Split split = Split::kDocument;
  Window window = Window::kDisjoint;
  double validation_fraction = 0.1;
  bool shuffle = true;
  uint64_t seed = 0;
  int64_t intrinsic_dim = 8;  // of generated vectors
  double noise = 0.05;        // of generated images and vectors
};

// Of fp16: a factor on the loss that is halved after an overflow and doubled after growth_interval
// steps without one.
struct LossScaleSpec {
  double initial = 65536;
  int64_t growth_interval = 2000;
};

// What happens when loss or gradient norm leave the usual: mean + sigma standard deviations of the
// last `window` steps. Values that are not finite always count.
struct AnomalySpec {
  AnomalyAction action = AnomalyAction::kStop;
  int64_t window = 128;
  double sigma = 6;
};

struct TrainingSpec {
  int64_t steps = 0;
  int64_t micro_batch_size = 0;
  int64_t gradient_accumulation = 1;
  double grad_clip_norm = 0;  // 0: off
  ComputeDtype compute_dtype = ComputeDtype::kAuto;
  int64_t eval_interval = 0;
  int64_t eval_batches = 0;  // 0: the whole validation set
  int64_t log_interval = 1;
  bool activation_checkpointing = false;
  LossScaleSpec loss_scale;
  AnomalySpec on_anomaly;
  std::vector<int64_t> eval_steps;  // evaluated beside eval_interval's
  int64_t stats_interval = 0;       // 0: with each evaluation
  int64_t final_average = 1;        // evaluations
};

struct MuonSpec {
  double learning_rate = 0.02, momentum = 0.95, weight_decay = 0;
  int64_t iterations = 5;
  MuonScale scale = MuonScale::kKeller;
  MuonDtype dtype = MuonDtype::kBf16;
};

struct OptimizerSpec {
  std::string name = "adamw";
  double learning_rate = 0, beta1 = 0, beta2 = 0, eps = 0, weight_decay = 0;
  DecayOn weight_decay_on = DecayOn::kMatrices;
  MuonSpec muon;
  OptimizerStates states = OptimizerStates::kFp32;
  StoredDtype masters = StoredDtype::kFp32;
  StoredDtype gradients = StoredDtype::kFp32;  // between micro-batches
};

struct LearningRateSpec {
  Schedule name = Schedule::kCosine;
  int64_t warmup_steps = 0;
  bool warmup_from_zero = false;
  double min_factor = 0;
  int64_t decay_steps = 0;  // wsd
};

struct CheckpointSpec {
  int64_t interval_steps = 0;  // 0: at the end only
  int64_t keep_last = 1, keep_best = 0;
  std::string metric;
};

struct ResourceSpec {
  bool gpus_auto = false;   // "auto": a GPU if the worker has one, else a CPU slot
  int64_t gpus = 0;         // 0: a CPU slot
  int64_t processes = 1;    // of a run on a CPU slot; on GPUs there is one for each
  int64_t cpu_threads = 0;  // 0: the cores of the slot, which the processes on it share
  double min_gpu_memory_gib = 0;
  std::string gpu_name;        // the GPU's name contains it, in whatever case; empty: any
  int64_t priority = 50;       // higher first
  absl::Duration max_runtime;  // zero: no limit

  // Processes that train the run together, each on micro-batches of its own.
  int64_t world_size() const { return gpus > 0 ? gpus : processes; }
};

enum class Gemm : uint8_t { kFprop, kDgrad, kWgrad };
inline constexpr int kNumGemms = 3;
enum class Estimator : uint8_t {
  kStraightThrough,  // the gradient passes to the weight as if there were no quantizer
  kNone,             // no gradient reaches the weight
  kDge,              // times the slope of a smooth stand-in for the rounding (arXiv 2501.17116)
  kQuest,            // where rounding is trusted (arXiv 2502.05003)
  kLsq,              // with a learned scale (arXiv 1902.08153)
  kNoise,            // as kLsq, with noise in place of rounding while it trains
};
// Whether a layer has a scale that is trained beside its weight.
constexpr bool LearnsScale(Estimator estimator) {
  return estimator == Estimator::kLsq || estimator == Estimator::kNoise;
}

// How one operand is made from the tensor at hand; no format: it stays as it is, in the compute
// type.
struct OperandPrecision {
  std::string format;  // a numerics::Format's name; empty: not quantized
  numerics::QuantizeOptions options;
  // Of a second operand of dgrad or wgrad: it is made from what fprop used of the tensor, not from
  // its high-precision values.
  bool from_forward = false;
  // Of activations: each row is clamped to its quantiles 1 - q and q before it is quantized; 0:
  // not. What clamping took away is added to the quantized values, or lost.
  double outlier_quantile = 0;
  bool outlier_residual = true;
  bool quantized() const { return !format.empty(); }
  bool operator==(const OperandPrecision&) const = default;
};

// fprop Y = X W^T (a = X, b = W), dgrad dX = dY W (a = dY, b = W), wgrad dW = dY^T X (a = dY, b =
// X).
struct GemmPrecision {
  OperandPrecision a, b;
  // Of dgrad and wgrad: b is given together with fprop's, so that it is quantized as there, in
  // blocks along `in`; where it reads like fprop's operand it is the very same values. False: b is
  // quantized for this GEMM, in blocks along its contraction dimension (spec/gemm_shapes.h).
  bool b_as_in_fprop = false;
  bool operator==(const GemmPrecision&) const = default;
};

// One row of the resolved table. Every linear has one, and so have "embedding" and "lm_head".
struct LayerPrecision {
  std::string layer;   // "blocks.0.attention.qkv"
  std::string recipe;  // the name that it came from, "+" when a rule overrode parts
  int64_t out_features = 0, in_features = 0;
  std::string shares;      // the layer whose matrix this one uses too; empty: it has its own
  bool is_lookup = false;  // the embedding: its table is read, no GEMM
  Estimator estimator = Estimator::kStraightThrough;
  double dge_power = 5, dge_cap = 3;  // of kDge: k, and the largest slope
  bool packed = false;  // its quantized weight is kept as codes, and decoded for each product
  GemmPrecision gemms[kNumGemms] = {};  // by Gemm

  const GemmPrecision& gemm(Gemm which) const { return gemms[static_cast<int>(which)]; }
  // The weight as fprop sees it.
  const OperandPrecision& weight() const { return gemm(Gemm::kFprop).b; }
  // Bits per value of the weight if it were stored as fprop sees it; 16 or 32 for the compute type.
  double weight_bits(ComputeDtype compute_dtype) const;
  bool operator==(const LayerPrecision&) const = default;
};

// How attention's scores, or its probabilities, are rounded in one block: forward; the gradient
// passes as if they were not. A row of theirs holds what one query gives to each key.
struct AttentionPrecision {
  std::string tensor;  // "blocks.0.attention.scores"
  std::string recipe;  // as of a layer; of what it names, the activations of fprop
  OperandPrecision operand;
  bool operator==(const AttentionPrecision&) const = default;
};

// Weights that oscillate between two numbers of their format are set to one of them.
struct DeOscillationSpec {
  int64_t from_step = 0;  // the first update that is looked at
  int64_t period = 0;     // updates of a window; 0: off
  double ratio = 4;  // of the quantized value's way to the master's, from which on it oscillates
};

// Layers leave 4 bits while their gradients or errors are too large.
struct AdaptiveSpec {
  bool on = false;
  double gradient_above =
      0;                   // mean |G|, or its share of mean |W| where `relative`; 0: not looked at
  double error_above = 0;  // mean |Q(W) - W|, likewise
  bool relative = true;
  int64_t patience = 3;  // updates in a row beyond a bound before a switch
  double release = 0.8;  // the share of the bounds below which a layer comes back
  int64_t dwell = 50;    // updates between two switches of a layer
};

// What one layer may become.
struct LayerCandidate {
  int32_t recipe = 0;  // its number among the recipes
  LayerPrecision row;  // of the table, if the layer were computed so
  // Of a budget in training_bytes: what a run then keeps of the weight's operands beside the
  // master.
  int64_t held_bytes = 0;
  bool operator==(const LayerCandidate&) const = default;
};

// Recipes, and the layers that are scored under them. A recipe that does not fit a layer is no
// candidate of it.
struct Candidates {
  std::vector<std::string> recipes;                 // in the document's order
  std::vector<std::vector<LayerCandidate>> layers;  // in the model's order, each with one or more
};

// What each layer would cost the loss in other formats is measured while the run trains.
struct SensitivitySpec {
  bool on = false;
  int64_t every = 200;        // updates
  int64_t micro_batches = 1;  // that one measurement looks at
  bool advise = false;        // whether it predicts what more bits, units and layers would gain too
  Candidates candidates;
};

enum class BudgetSwitch : uint8_t {
  kOnce,        // one decision
  kHysteresis,  // another one whenever it is surely better
  kRaiseOnly,   // from the smallest assignment on, layers only go to more bytes
};

// What a budget adds up.
enum class BudgetUnit : uint8_t {
  kStoredBytes,  // of the weights, as the layer table counts them
  kNanoseconds,  // of a step: what the layers' products take, measured
  kHeldBytes,    // of a run: what it keeps of the weights' operands, and `fixed` for all else
};

// Layers are given candidates so that a sum over them stays within a limit.
struct BudgetSpec {
  bool on = false;
  // The limit as given; one of the four is not 0. The first three are of the layers that it decides
  // on.
  double weight_bits = 0;               // a weight
  int64_t weight_bytes = 0;             // together
  double step_seconds = 0;              // of their products in a step
  int64_t training_bytes = 0;           // of the whole run
  int64_t every = 200, from_step = 20;  // updates: a decision at from_step, then each `every`
  int64_t micro_batches = 2;            // that one decision looks at
  BudgetSwitch how = BudgetSwitch::kHysteresis;
  int64_t dwell = 100;  // updates between two switches of a layer
  double min_gain = 0;  // nats, below which nothing switches
  Candidates candidates;
  std::vector<int32_t> groups;  // by layer of the candidates: layers of one number switch together
  BudgetUnit unit = BudgetUnit::kStoredBytes;
  int64_t limit = 0;  // in the unit
  int64_t fixed = 0;  // of it what is spent whatever the layers get
};

// The table that holds from an update on, until the next phase's.
struct PrecisionPhase {
  int64_t from_step = 1;
  std::vector<LayerPrecision> layers;
};

struct RunSpec {
  std::string experiment_name, project, description;
  std::vector<std::string> labels;
  std::string variant;
  uint64_t seed = 0;
  ModelSpec model;
  DataSpec data;
  TrainingSpec training;
  OptimizerSpec optimizer;
  LearningRateSpec lr_schedule;
  std::vector<LayerPrecision> layers;         // the resolved table, in the model's order
  std::vector<PrecisionPhase> phases;         // how it changes, by ascending from_step
  std::vector<AttentionPrecision> attention;  // of the scores and probabilities that are rounded
  AdaptiveSpec adaptive;
  std::vector<LayerPrecision> adaptive_high;  // what the layers that it watches become, by name
  DeOscillationSpec de_oscillation;
  BudgetSpec budget;
  SensitivitySpec sensitivity;
  bool packed_weights = false;  // see LayerPrecision::packed, which has it for every layer
  CheckpointSpec checkpoint;
  ResourceSpec resources;
  int64_t max_restarts = 0;

  // Of all processes together.
  int64_t micro_batches_per_step() const {
    return training.gradient_accumulation * resources.world_size();
  }
};

}  // namespace fp4::spec
