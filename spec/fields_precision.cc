// The section "precision".
#include "numerics/format.h"
#include "numerics/quantizer_options.h"
#include "spec/fields.h"
#include "spec/recipes.h"

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

// What a recipe says of an operand besides how its format quantizes.
std::vector<Field> OperandOrigin() {
  return {
      Plain("source",
            "Of the weights of dgrad and the activations of wgrad: quantized from the "
            "high-precision values, or again from what fprop used of them (forward).",
            Choice({"values", "forward"})),
      Plain("outlier_quantile",
            "Of activations: each row is clamped to its quantiles 1 - q and q first; 0: not.",
            FractionFromZero()),
      Plain("outlier_residual",
            "Of clamped activations: whether what clamping took away is added again, unquantized.",
            Boolean()),
  };
}

Type OperandOptions() {
  std::vector<Field> fields = {
      Plain("format", "A number format; \"none\" leaves the operand in the compute type.",
            Choice(FormatChoices()))};
  for (const numerics::QuantizerOption& option : numerics::QuantizerOptions())
    fields.push_back(
        Plain(std::string(option.name), std::string(option.meaning), OptionType(option)));
  Type type = ObjectOf(std::move(fields));
  for (Field& field : OperandOrigin()) type.fields.push_back(std::move(field));
  type.definition = "operand_options";
  return type;
}

Type Operand() {
  Type type = EitherOf({Choice(FormatChoices()), OperandOptions()});
  type.definition = "operand";
  return type;
}

Field GemmField(std::string name, std::string doc, std::string a, std::string b) {
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
      GemmField("fprop", "Y = X W^T alone: a format for both operands, or each.", "activations",
                "weights"),
      GemmField("dgrad", "dX = dY W alone.", "gradients", "weights"),
      GemmField("wgrad", "dW = dY^T X alone.", "gradients", "activations"),
      Plain("estimator",
            "What gradient reaches the master weight: \"straight-through\", as if it were not "
            "quantized; \"none\", which leaves the layer at its initial values; \"dge\", times the "
            "slope of a smooth stand-in for the rounding; \"quest\", where rounding is trusted; "
            "\"lsq\", with a learned scale; \"noise\", the same with noise in place of rounding "
            "while it trains.",
            Choice(EstimatorNames())),
      Plain("dge_power", "Of dge: k, by which the stand-in approaches rounding.", Number(1, 100)),
      Plain("dge_cap", "Of dge: the largest slope.", PositiveNumber(1000)),
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
            "{4..5} a range, {a,b} a choice. blocks.<i>.attention.scores and "
            "blocks.<i>.attention.probabilities, what the softmax takes and gives, are meant only "
            "where the last segment names them: they are rounded as the recipe's activations "
            "are in fprop, and gradients pass straight through.",
            LayerPattern()),
      Plain("use", "The recipe of these layers; the fields below change parts of it.",
            OfKind(Type::Kind::kRecipe)),
  };
  for (Field& field : fields) field.required = true;
  for (Field& field : RecipeFields()) fields.push_back(std::move(field));
  return ObjectOf(std::move(fields));
}

Type ScheduleEntryType() {
  std::vector<Field> fields = {
      Plain("from_step", "The first update that it holds for.", Integer(1, kMostSteps)),
      Plain("match", "A pattern of layers' names, as of a rule; every layer where it is left out.",
            LayerPattern()),
      Plain(
          "use",
          "The recipe of these layers. Left out: the fields below change parts of the layer's own "
          "recipe, by `default` and rules.",
          OfKind(Type::Kind::kRecipe)),
  };
  fields[0].required = true;
  for (Field& field : RecipeFields()) fields.push_back(std::move(field));
  return ObjectOf(std::move(fields));
}

template <typename Member>
Field Later(std::string name, std::string doc, Type type, std::string default_json,
            Member AdaptiveSpec::*member) {
  Field field{.name = std::move(name),
              .doc = std::move(doc),
              .type = std::move(type),
              .default_json = std::move(default_json),
              .later = true};
  field.store = Into(&RunSpec::adaptive, member);
  return field;
}

Type AdaptiveType() {
  return ObjectOf({
      {.name = "match",
       .doc = "A pattern of the layers that are watched.",
       .type = LayerPattern(),
       .default_json = "\"**\"",
       .later = true},
      {.name = "high",
       .doc = "The recipe that a layer has while it is out of its own.",
       .type = OfKind(Type::Kind::kRecipe),
       .default_json = "\"baseline\"",
       .later = true},
      Later("gradient_above",
            "The bound on the mean magnitude of the weight's gradient; 0: it is not looked at.",
            Number(0, 1e9), "0", &AdaptiveSpec::gradient_above),
      Later("error_above",
            "The bound on the mean magnitude of the weight's quantization error; 0: it is not "
            "looked at.",
            Number(0, 1e9), "0", &AdaptiveSpec::error_above),
      Later("relative",
            "Whether both bounds are shares of the mean magnitude of the weight, or magnitudes.",
            Boolean(), "true", &AdaptiveSpec::relative),
      Later("patience", "Updates in a row beyond a bound before a layer changes.",
            Integer(1, kMostSteps), "3", &AdaptiveSpec::patience),
      Later("release", "The share of the bounds below which a layer comes back.", Number(0, 1),
            "0.8", &AdaptiveSpec::release),
      Later("dwell", "Updates between two changes of a layer.", Integer(0, kMostSteps), "50",
            &AdaptiveSpec::dwell),
  });
}

Type DeOscillationType() {
  const auto into = [](auto member) { return Into(&RunSpec::de_oscillation, member); };
  return ObjectOf({
      {.name = "from_step",
       .doc = "The first update that is looked at.",
       .type = Integer(0, kMostSteps),
       .default_json = "0",
       .later = true,
       .store = into(&DeOscillationSpec::from_step)},
      {.name = "period",
       .doc = "Updates of a window.",
       .type = Integer(1, kMostSteps),
       .default_json = "200",
       .later = true,
       .store = into(&DeOscillationSpec::period)},
      {.name = "ratio",
       .doc = "How many times farther than the weight itself its quantized value has to move.",
       .type = PositiveNumber(1e6),
       .default_json = "4",
       .later = true,
       .store = into(&DeOscillationSpec::ratio)},
  });
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
       .doc = "Changes of precision at given steps: rules that hold from update from_step on. A "
              "later entry replaces an earlier one where both match.",
       .type = ListOf(ScheduleEntryType(), 0, 100, false),
       .default_json = "[]",
       .later = true},
      {.name = "adaptive",
       .doc = "Takes layers into another precision while their gradients or errors are above a "
              "bound, and back.",
       .type = AdaptiveType(),
       .default_json = "{}",
       .later = true,
       .switches_on = true},
      {.name = "budget",
       .doc = "Chooses recipes for layers so that their weights stay within a number of bytes and "
              "the loss suffers least, by scores that are measured while the run trains. Left out: "
              "off.",
       .type = BudgetType(),
       .default_json = "{}",
       .later = true,
       .switches_on = true},
      {.name = "de_oscillation",
       .doc = "Sets weights that jump to and fro between two numbers of their format to one of "
              "them, at the end of each window of updates. Left out: off.",
       .type = DeOscillationType(),
       .default_json = "{}",
       .later = true,
       .switches_on = true},
      {.name = "packed_weights",
       .doc = "Keep quantized weights as codes and scales, and decode a layer's for each product "
              "that takes it, instead of keeping them decoded: less memory, the same bits, more "
              "time. CPUs only; a GPU keeps them decoded.",
       .type = Boolean(),
       .default_json = "false",
       .later = true,
       .store = [](const Node& node, RunSpec& run) { run.packed_weights = node.boolean; }},
      {.name = "recipes",
       .doc = "Recipes of your own, by name, for `default` and rules.",
       .type = MapOf(RecipeType()),
       .default_json = "{}"},
  });
}

}  // namespace fp4::spec
