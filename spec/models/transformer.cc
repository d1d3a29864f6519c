// The decoder-only transformer: an embedding, pre-norm blocks, a final norm and the head. With
// grouped queries, qkv stacks q of all heads, then k and v of the key/value heads.
#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "spec/fields.h"
#include "spec/model_kinds.h"
#include "spec/transformer_activations.h"

namespace fp4::spec {
namespace {

constexpr int64_t kBytes = 256;
// The synthetic language speaks in this many words.
constexpr int64_t kSyntheticVocabulary = 64;

Field ActivationField() {
  Field field = EnumField(
      "activation", {"silu", "swiglu", "gelu", "relu2"}, &RunSpec::model, &ModelSpec::activation,
      "",
      "Of the feed-forward part: SiLU, GELU or squared ReLU of one matrix, or the gated SwiGLU.");
  return FromPreset(std::move(field));
}

std::vector<Field> ShapeFields() {
  return {
      FromPreset("d_model", Integer(1, 65536), &ModelSpec::d_model,
                 "Width of the residual stream; a multiple of num_heads."),
      FromPreset("num_layers", Integer(1, 256), &ModelSpec::num_layers, "Number of blocks."),
      FromPreset("num_heads", Integer(1, 1024), &ModelSpec::num_heads,
                 "Attention heads of a block."),
      {.name = "num_kv_heads",
       .doc = "Key and value heads, each shared by a group of num_heads / num_kv_heads query heads "
              "(grouped queries); 0: as many as query heads.",
       .type = Integer(0, 1024),
       .default_json = "0",
       .later = true,
       .store = Into(&RunSpec::model, &ModelSpec::num_kv_heads)},
      FromPreset("d_ff", Integer(1, 1048576), &ModelSpec::d_ff, "Width of the feed-forward part."),
      FromPreset("vocab_size", Integer(2, 1048576), &ModelSpec::vocab_size,
                 "Number of token ids; an id of the data beyond it is an error."),
      FromPreset("sequence_length", Integer(1, 1048576), &ModelSpec::sequence_length,
                 "Tokens of a window, T."),
  };
}

std::vector<Field> BlockFields() {
  return {
      EnumField("norm", {"rmsnorm", "layernorm"}, &RunSpec::model, &ModelSpec::norm, "rmsnorm",
                "Before attention, before the feed-forward part and before the head."),
      {.name = "norm_eps",
       .doc = "Added to the mean square (or the variance) under the root.",
       .type = PositiveNumber(1),
       .default_json = "1e-06",
       .store = Into(&RunSpec::model, &ModelSpec::norm_eps)},
      ActivationField(),
      FromPreset("dropout", FractionFromZero(), &ModelSpec::dropout,
                 "After the embedding, on attention probabilities, after each linear and "
                 "activation, after the final norm."),
      FromPreset("tie_embeddings", Boolean(), &ModelSpec::tie_embeddings,
                 "Whether the head uses the embedding's matrix."),
      EnumField("rotary_axis", {"sequence", "heads", "none"}, &RunSpec::model,
                &ModelSpec::rotary_axis, "sequence",
                "What rotary encoding counts: positions in the sequence; \"heads\" repeats a "
                "published fault, which leaves "
                "the model without positions; \"none\" has no encoding."),
      EnumField("rotary_frequencies", {"full", "half-truncated"}, &RunSpec::model,
                &ModelSpec::rotary_frequencies, "full",
                "10000^(-2i/d); \"half-truncated\" is the published table, where half of the "
                "frequencies are zero "
                "(the size of a head must be a multiple of 4, 8 or more)."),
      FromPreset("embedding_scale", Boolean(), &ModelSpec::embedding_scale,
                 "Whether the embedding's output is multiplied by the root of d_model."),
      {.name = "sub_norm",
       .doc = "Whether an RMS norm stands before attention.out and before mlp.down as well, as in "
              "BitNet.",
       .type = Boolean(),
       .default_json = "false",
       .later = true,
       .store = Into(&RunSpec::model, &ModelSpec::sub_norm)},
      {.name = "init_std",
       .doc = "Standard deviation of the initial values of all matrices.",
       .type = PositiveNumber(10),
       .default_json = "0.02",
       .store = Into(&RunSpec::model, &ModelSpec::init_std)},
      {.name = "initialize_from",
       .doc = "A safetensors file to start from: its tensors must be those of the model, in name "
              "and shape.",
       .type = FilePath({""}),
       .default_json = "\"\"",
       .store = Into(&RunSpec::model, &ModelSpec::initialize_from)},
  };
}

std::vector<Field> Fields() {
  std::vector<Field> fields = ShapeFields();
  for (Field& field : BlockFields()) fields.push_back(std::move(field));
  return fields;
}

// Tensors of one model in the order of their making.
class TransformerTensors {
 public:
  explicit TransformerTensors(const ModelSpec& model) : model_(model) {}

  std::vector<TensorInfo> Make() && {
    Add("embedding", {model_.vocab_size, model_.d_model}).role = TensorRole::kLookup;
    for (int64_t i = 0; i < model_.num_layers; ++i) AddBlock(absl::StrCat("blocks.", i, "."));
    AddNorm("final_norm", model_.d_model);
    TensorInfo& head = AddLinear("lm_head", {model_.vocab_size, model_.d_model});
    if (model_.tie_embeddings) head.shares = "embedding.weight";
    return std::move(tensors_);
  }

 private:
  void AddBlock(const std::string& block) {
    const int64_t d = model_.d_model;
    AddNorm(block + "attention_norm", d);
    const int64_t kv = model_.num_kv_heads == 0 ? d : d / model_.num_heads * model_.num_kv_heads;
    TensorInfo& qkv = AddLinear(block + "attention.qkv", {d + 2 * kv, d});
    qkv.stacked_rows = {d, kv, kv};
    if (model_.sub_norm) AddNorm(block + "attention.out_norm", d);
    AddLinear(block + "attention.out", {d, d});
    AddNorm(block + "mlp_norm", d);
    AddLinear(block + "mlp.up", {model_.d_ff, d});
    if (model_.gated()) AddLinear(block + "mlp.gate", {model_.d_ff, d});
    if (model_.sub_norm) AddNorm(block + "mlp.down_norm", model_.d_ff);
    AddLinear(block + "mlp.down", {d, model_.d_ff});
  }

  TensorInfo& Add(const std::string& layer, std::vector<int64_t> shape) {
    tensors_.push_back({.name = layer + ".weight",
                        .shape = std::move(shape),
                        .init_std = model_.init_std,
                        .in_body = layer.starts_with("blocks.")});
    return tensors_.back();
  }

  TensorInfo& AddLinear(const std::string& layer, std::vector<int64_t> shape) {
    TensorInfo& tensor = Add(layer, std::move(shape));
    tensor.rows_per_record = model_.sequence_length;
    return tensor;
  }

  void AddNorm(const std::string& layer, int64_t width) {
    TensorInfo& tensor = Add(layer, {width});
    tensor.role = TensorRole::kNorm;
    tensor.init_std = 0;
  }

  const ModelSpec& model_;
  std::vector<TensorInfo> tensors_;
};

std::vector<TensorInfo> Tensors(const ModelSpec& model) { return TransformerTensors(model).Make(); }

std::vector<AttentionTensor> Attention(const ModelSpec& model) {
  std::vector<AttentionTensor> tensors;
  for (int64_t i = 0; i < model.num_layers; ++i) {
    for (const char* which : {"scores", "probabilities"}) {
      tensors.push_back({absl::StrCat("blocks.", i, ".attention.", which),
                         model.num_heads * model.sequence_length, model.sequence_length});
    }
  }
  return tensors;
}

UnitPlace FeedForward(int64_t block) {
  const std::string mlp = absl::StrCat("blocks.", block, ".mlp.");
  return {.source = mlp + "up", .target = mlp + "down"};
}

// The feed-forward parts of all blocks have one width. One more block is seen as one more
// feed-forward part beside the last one's.
std::vector<CapacityMove> Capacity(const ModelSpec& model) {
  std::vector<UnitPlace> every;
  for (int64_t i = 0; i < model.num_layers; ++i) every.push_back(FeedForward(i));
  std::vector<CapacityMove> moves;
  for (const int64_t part : {16, 8, 4}) {
    const int64_t units = model.d_ff / part;
    if (units == 0) continue;
    moves.push_back({.layer = "blocks.*.mlp.up",
                     .units = units,
                     .places = every,
                     .model_change = absl::StrCat(R"({"d_ff":)", model.d_ff + units, "}")});
  }
  moves.push_back({.adds_layer = true,
                   .layer = absl::StrCat("blocks.", model.num_layers - 1),
                   .units = model.d_ff,
                   .places = {every.back()},
                   .model_change = absl::StrCat(R"({"num_layers":)", model.num_layers + 1, "}")});
  return moves;
}

void CheckHeads(FieldChecks& checks) {
  const ModelSpec& model = checks.run().model;
  const FieldChecks::Names fields = {"model.num_heads", "model.d_model", "model.rotary_axis",
                                     "model.rotary_frequencies"};
  if (!checks.Usable(fields)) return;
  if (model.d_model % model.num_heads != 0) {
    const std::string_view at = checks.Latest({"model.num_heads", "model.d_model"});
    checks.Report(
        at, at == "model.d_model"
                ? absl::StrCat("is ", model.d_model, ", no multiple of num_heads ", model.num_heads)
                : absl::StrCat("is ", model.num_heads, ", which does not divide d_model ",
                               model.d_model));
    return;
  }
  const int64_t head = model.d_model / model.num_heads;
  if (model.rotary_axis == RotaryAxis::kNone) return;
  if (model.rotary_frequencies == RotaryFrequencies::kHalfTruncated &&
      (head % 4 != 0 || head < 8)) {
    checks.Report(
        checks.Latest({"model.rotary_frequencies", "model.num_heads", "model.d_model"}),
        absl::StrCat("'half-truncated' needs heads of 8, 12, 16, …; d_model / num_heads is ",
                     head));
  } else if (head % 2 != 0) {
    checks.Report(
        checks.Latest({"model.num_heads", "model.d_model"}),
        absl::StrCat("rotary encoding needs heads of an even size; d_model / num_heads is ",
                     model.d_model, " / ", model.num_heads, " = ", head));
  }
}

void CheckKeyValueHeads(FieldChecks& checks) {
  const ModelSpec& model = checks.run().model;
  if (!checks.Usable({"model.num_heads", "model.num_kv_heads"})) return;
  if (model.num_heads % model.kv_heads() == 0) return;
  const std::string_view at = checks.Latest({"model.num_kv_heads", "model.num_heads"});
  checks.Report(at, at == "model.num_heads"
                        ? absl::StrCat("is ", model.num_heads, ", no multiple of num_kv_heads ",
                                       model.num_kv_heads)
                        : absl::StrCat("is ", model.num_kv_heads,
                                       ", which does not divide num_heads ", model.num_heads));
}

void CheckVocabulary(FieldChecks& checks) {
  const int64_t size = checks.run().model.vocab_size;
  if (!checks.Usable({"model.vocab_size", "data.source", "data.tokenizer"})) return;
  const bool bytes =
      checks.run().data.source == DataSource::kText && checks.run().data.tokenizer == "bytes";
  const bool synthetic = checks.run().data.source == DataSource::kSynthetic;
  const int64_t needed = bytes ? kBytes : synthetic ? kSyntheticVocabulary : 0;
  if (size >= needed) return;
  const std::string why =
      absl::StrCat(bytes ? "the tokenizer 'bytes' has " : "synthetic data has ", needed, " ids");
  const std::string_view at = checks.Latest({"model.vocab_size", "data.source"});
  checks.Report(at, at == "model.vocab_size"
                        ? absl::StrCat("is ", size, "; ", why)
                        : absl::StrCat(why, ", and model.vocab_size is ", size));
}

void Check(FieldChecks& checks) {
  CheckHeads(checks);
  CheckKeyValueHeads(checks);
  CheckVocabulary(checks);
}

const ModelKind kTransformer = {
    .name = "transformer",
    .summary = "A decoder-only transformer over tokens.",
    .presets =
        {Preset{"micro",
                "0.8 million parameters over bytes: trains on a CPU in seconds.",
                {{"d_model", "128"},
                 {"num_layers", "4"},
                 {"num_heads", "4"},
                 {"d_ff", "512"},
                 {"vocab_size", "256"},
                 {"sequence_length", "128"},
                 {"activation", "\"silu\""},
                 {"dropout", "0"},
                 {"tie_embeddings", "true"},
                 {"embedding_scale", "false"}}},
         Preset{
             "seed-30m",
             "The architecture of the published FP4 experiment, with rotary positions as they were "
             "meant: 29.5 million parameters.",
             {{"d_model", "384"},
              {"num_layers", "6"},
              {"num_heads", "8"},
              {"d_ff", "1536"},
              {"vocab_size", "49152"},
              {"sequence_length", "512"},
              {"activation", "\"silu\""},
              {"dropout", "0.1"},
              {"tie_embeddings", "true"},
              {"embedding_scale", "true"}}},
         Preset{
             "llama-60m",
             "The 60M Llama of the low-rank and low-precision training literature: gated, untied, "
             "58 million parameters.",
             {{"d_model", "512"},
              {"num_layers", "8"},
              {"num_heads", "8"},
              {"d_ff", "1376"},
              {"vocab_size", "32000"},
              {"sequence_length", "256"},
              {"activation", "\"swiglu\""},
              {"dropout", "0"},
              {"tie_embeddings", "false"},
              {"embedding_scale", "false"}}},
         Preset{"llama-130m",
                "The next size of the same family: 134 million parameters.",
                {{"d_model", "768"},
                 {"num_layers", "12"},
                 {"num_heads", "12"},
                 {"d_ff", "2048"},
                 {"vocab_size", "32000"},
                 {"sequence_length", "256"},
                 {"activation", "\"swiglu\""},
                 {"dropout", "0"},
                 {"tie_embeddings", "false"},
                 {"embedding_scale", "false"}}}},
    .data_sources = {"synthetic", "text", "tokens"},
    .metrics = {metric::kValLoss, metric::kValPerplexity, metric::kValAccuracy},
    .fields = Fields,
    .tensors = Tensors,
    .attention_tensors = Attention,
    .activation_bytes = TransformerActivationBytes,
    .capacity = Capacity,
    .check = Check,
};
const ModelKindRegistration registration(kTransformer);

}  // namespace
}  // namespace fp4::spec
