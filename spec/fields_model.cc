// The sections "model" and "data".
#include "spec/fields.h"
#include "spec/presets.h"

namespace fp4::spec {
namespace {

template <typename Member>
Field FromPreset(std::string name, Type type, Member ModelSpec::*member, std::string doc) {
  Field field{.name = name,
              .doc = std::move(doc),
              .type = std::move(type),
              .default_text = "from the preset"};
  field.derive = [name](const RunSpec& run) { return PresetValue(run.model.preset, name); };
  field.store = Into(&RunSpec::model, member);
  return field;
}

Field ActivationField() {
  Field field = EnumField(
      "activation", {"silu", "swiglu", "gelu", "relu2"}, &RunSpec::model, &ModelSpec::activation,
      "",
      "Of the feed-forward part: SiLU, GELU or squared ReLU of one matrix, or the gated SwiGLU.");
  field.default_text = "from the preset";
  field.derive = [](const RunSpec& run) { return PresetValue(run.model.preset, "activation"); };
  return field;
}

std::vector<Field> ShapeFields() {
  return {
      {.name = "preset",
       .doc = "An architecture by name; every other field of this section overrides it.",
       .type = Choice(PresetNames()),
       .default_json = "\"micro\"",
       .store = Into(&RunSpec::model, &ModelSpec::preset)},
      FromPreset("d_model", Integer(1, 65536), &ModelSpec::d_model,
                 "Width of the residual stream; a multiple of num_heads."),
      FromPreset("num_layers", Integer(1, 256), &ModelSpec::num_layers, "Number of blocks."),
      FromPreset("num_heads", Integer(1, 1024), &ModelSpec::num_heads,
                 "Attention heads of a block."),
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

}  // namespace

Type ModelType() {
  std::vector<Field> fields = ShapeFields();
  for (Field& field : BlockFields()) fields.push_back(std::move(field));
  return ObjectOf(std::move(fields));
}

Type DataType() {
  const auto into = [](auto member) { return Into(&RunSpec::data, member); };
  return ObjectOf({
      EnumField("source", {"synthetic", "text", "tokens"}, &RunSpec::data, &DataSpec::source,
                "synthetic",
                "synthetic: a language made from data.seed, whose entropy is known; text: files, "
                "tokenized; tokens: files of "
                "little-endian 16-bit ids."),
      {.name = "paths",
       .doc = "Files or patterns (*, ?, [a-z]) of them, relative to the document's folder. One "
              "file is one document.",
       .type = ListOf(FilePath({}), 0, 1000, true),
       .default_json = "[]",
       .store = into(&DataSpec::paths)},
      {.name = "validation_paths",
       .doc = "Files for validation only; none: a part of `paths`.",
       .type = ListOf(FilePath({}), 0, 1000, true),
       .default_json = "[]",
       .store = into(&DataSpec::validation_paths)},
      {.name = "tokenizer",
       .doc = "How text becomes ids: its bytes, or a SentencePiece model.",
       .type = FilePath({"bytes"}),
       .default_json = "\"bytes\"",
       .store = into(&DataSpec::tokenizer)},
      EnumField("split", {"document", "window"}, &RunSpec::data, &DataSpec::split, "document",
                "Whole documents are set aside for validation; \"window\" splits windows at "
                "random, as published: with "
                "sliding windows the validation text is then training text too."),
      EnumField("window", {"disjoint", "sliding"}, &RunSpec::data, &DataSpec::window, "disjoint",
                "Windows follow each other, or begin at every token."),
      {.name = "validation_fraction",
       .doc = "The share of the data that is set aside for validation.",
       .type = Fraction(),
       .default_json = "0.1",
       .store = into(&DataSpec::validation_fraction)},
      {.name = "shuffle",
       .doc = "Whether training windows come in an order drawn from the seed, new in each epoch.",
       .type = Boolean(),
       .default_json = "true",
       .store = into(&DataSpec::shuffle)},
      {.name = "seed",
       .doc = "Fixes the synthetic language and its samples, and a random split. The run's seed "
              "does not change them.",
       .type = Integer(0, 9007199254740991),
       .default_json = "0",
       .store = into(&DataSpec::seed)},
  });
}

}  // namespace fp4::spec
