// The section "data".
#include "spec/fields.h"
#include "spec/model_kinds.h"

namespace fp4::spec {
namespace {

Field SourceField() {
  Field field = EnumField(
      "source", {"synthetic", "text", "tokens", "images", "vectors"}, &RunSpec::data,
      &DataSpec::source, "synthetic",
      "synthetic: a language made from data.seed, whose entropy is known; text: files, "
      "tokenized; tokens: files of little-endian 16-bit ids; images and vectors: generated, or "
      "files, for the kinds of models that learn from them.");
  for (const ModelKind* kind : ModelKinds()) {
    if (kind->built) continue;
    for (const std::string_view source : kind->data_sources)
      field.type.unbuilt_choices.emplace_back(source);
  }
  field.default_text = "by the kind of model: synthetic, images or vectors";
  field.derive = [](const RunSpec& run, const Node*) {
    return "\"" + std::string(KindOf(run.model).data_sources.front()) + "\"";
  };
  return field;
}

// Of the images and vectors that are generated.
std::vector<Field> GeneratedFields() {
  return {
      {.name = "intrinsic_dim",
       .doc = "Of generated vectors: the dimension of the plane that they lie near; the j-th "
              "direction has the standard deviation 1.5^-j, which beyond 128 no fp32 number sees.",
       .type = Integer(1, 128),
       .default_json = "8",
       .later = true,
       .store = Into(&RunSpec::data, &DataSpec::intrinsic_dim)},
      {.name = "noise",
       .doc = "Of generated images and vectors: standard deviation of what is added to each value.",
       .type = Number(0, 10),
       .default_json = "0.05",
       .later = true,
       .store = Into(&RunSpec::data, &DataSpec::noise)},
  };
}

}  // namespace

Type DataType() {
  const auto into = [](auto member) { return Into(&RunSpec::data, member); };
  std::vector<Field> fields = {
      SourceField(),
      {.name = "paths",
       .doc = "Files or patterns (*, ?, [a-z]) of them, relative to the document's folder. Of text "
              "one file is one document; of images CIFAR-10 binary files or pairs of MNIST's idx "
              "files; of vectors raw rows of little-endian fp32 values.",
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
       .doc =
           "Whether training windows, images or vectors come in an order drawn from the seed, new "
           "in each epoch.",
       .type = Boolean(),
       .default_json = "true",
       .store = into(&DataSpec::shuffle)},
      {.name = "seed",
       .doc = "Fixes what is generated, the synthetic language, images or vectors, and a random "
              "split. "
              "The run's seed does not change them.",
       .type = Integer(0, 9007199254740991),
       .default_json = "0",
       .store = into(&DataSpec::seed)},
  };
  for (Field& field : GeneratedFields()) fields.push_back(std::move(field));
  return ObjectOf(std::move(fields));
}

}  // namespace fp4::spec
