// The section "precision".
#include "numerics/format.h"
#include "numerics/quantizer_options.h"
#include "spec/fields.h"

namespace fp4::spec {
namespace {

std::vector<std::string> FormatChoices() {
  std::vector<std::string> names = {"none"};
  for (const numerics::Format* format : numerics::AllFormats())
    names.emplace_back(format->info().name);
  return names;
}

Field Plain(std::string name, std::string doc, Type type) {
  return {.name = std::move(name), .doc = std::move(doc), .type = std::move(type)};
}

Type OptionType(const numerics::QuantizerOption& option) {
  const numerics::OptionRange& range = option.range;
  Type number = Number(range.min, range.max);
  switch (option.kind) {
    case numerics::OptionKind::kBlock:
      return EitherOf({Integer(1, 1048576), Text()});
    case numerics::OptionKind::kChoice:
      return Choice({option.choices.begin(), option.choices.end()});
    case numerics::OptionKind::kSwitch:
      return Boolean();
    case numerics::OptionKind::kInteger:
      number.kind = Type::Kind::kInteger;
      number.only.assign(range.only.begin(), range.only.end());
      // Zero is one of a list, and stands beside a range.
      if (!number.only.empty() && !range.zero.empty()) {
        number.min = 0;
        number.only.insert(number.only.begin(), 0);
        return number;
      }
      break;
    case numerics::OptionKind::kNumber:
      break;
  }
  number.or_zero = !range.zero.empty();
  return number;
}

Type OperandOptions() {
  std::vector<Field> fields = {
      Plain("format", "A number format; \"none\" leaves the operand in the compute type.",
            Choice(FormatChoices()))};
  for (const numerics::QuantizerOption& option : numerics::QuantizerOptions())
    fields.push_back(
        Plain(std::string(option.name), std::string(option.meaning), OptionType(option)));
  Type type = ObjectOf(std::move(fields));
  type.definition = "operand_options";
  return type;
}

Type Operand() {
  Type type = EitherOf({Choice(FormatChoices()), OperandOptions()});
  type.definition = "operand";
  return type;
}

Field Gemm(std::string name, std::string doc, std::string a, std::string b) {
  Type operands = ObjectOf({Plain(std::move(a), "The first operand.", Operand()),
                            Plain(std::move(b), "The second operand.", Operand())});
  return Plain(std::move(name), std::move(doc),
               EitherOf({Choice(FormatChoices()), std::move(operands)}));
}

std::vector<Field> RecipeFields() {
  return {
      Plain("weights", "The weight in fprop and dgrad, the same values in both.", Operand()),
      Plain("activations", "The layer's input in fprop and wgrad.", Operand()),
      Plain("gradients", "The gradient of the layer's output in dgrad and wgrad.", Operand()),
      Gemm("fprop", "Y = X W^T alone: a format for both operands, or each.", "activations",
           "weights"),
      Gemm("dgrad", "dX = dY W alone.", "gradients", "weights"),
      Gemm("wgrad", "dW = dY^T X alone.", "gradients", "activations"),
      Plain("estimator",
            "What gradient reaches the master weight: \"straight-through\", as if it were not "
            "quantized, or \"none\", which "
            "leaves the layer at its initial values.",
            Choice({"straight-through", "none"})),
  };
}

Type RecipeType() {
  Type type = ObjectOf(RecipeFields());
  type.definition = "recipe";
  return type;
}

Type RuleType() {
  std::vector<Field> fields = {
      Plain("match",
            "A pattern of layers' names: embedding, blocks.<i>.attention.qkv, "
            "blocks.<i>.attention.out, blocks.<i>.mlp.up, "
            "blocks.<i>.mlp.gate, blocks.<i>.mlp.down, lm_head. * is a part of one segment, ** any "
            "number of segments, "
            "{4..5} a range, {a,b} a choice.",
            LayerPattern()),
      Plain("use", "The recipe of these layers; the fields below change parts of it.",
            OfKind(Type::Kind::kRecipe)),
  };
  for (Field& field : fields) field.required = true;
  for (Field& field : RecipeFields()) fields.push_back(std::move(field));
  return ObjectOf(std::move(fields));
}

}  // namespace

Type PrecisionType() {
  return ObjectOf({
      {.name = "default",
       .doc = "The recipe of every linear layer of the blocks. Embedding and head stay in the "
              "compute type unless a rule "
              "names them.",
       .type = OfKind(Type::Kind::kRecipe),
       .default_json = "\"baseline\""},
      {.name = "rules",
       .doc = "Read from top to bottom: the last rule that matches a layer decides alone.",
       .type = ListOf(RuleType(), 0, 100, false),
       .default_json = "[]"},
      {.name = "schedule",
       .doc = "Changes of precision at given steps.",
       .type = ListOf(ObjectOf({}), 0, 100, false),
       .default_json = "[]",
       .built = false},
      {.name = "recipes",
       .doc = "Recipes of your own, by name, for `default` and rules.",
       .type = MapOf(RecipeType()),
       .default_json = "{}"},
  });
}

}  // namespace fp4::spec
