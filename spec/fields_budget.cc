// The sections "precision.budget" and "sensitivity".
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "spec/fields.h"
#include "spec/model_tensors.h"

namespace fp4::spec {
namespace {

template <typename Section, typename Member>
Field BudgetField(const std::string& name, const std::string& doc, const Type& type,
                  const std::string& default_json, Section RunSpec::*section,
                  Member Section::*member) {
  return {.name = name,
          .doc = doc,
          .type = type,
          .default_json = default_json,
          .later = true,
          .store = Into(section, member)};
}

Field RecipeList(std::string name, std::string doc, std::string default_json) {
  return {.name = std::move(name),
          .doc = std::move(doc),
          .type = ListOf(OfKind(Type::Kind::kRecipe), 1, 16, true),
          .default_json = std::move(default_json),
          .later = true};
}

// The layers that precision.default names.
Field BodyPattern(std::string doc) {
  return {.name = "match",
          .doc = std::move(doc),
          .type = LayerPattern(),
          .default_text = "every layer that precision.default names",
          .derive =
              [](const RunSpec& run, const Node*) {
                const std::vector<TensorInfo> tensors = ModelTensors(run.model);
                const auto body = std::ranges::find(tensors, true, &TensorInfo::in_body);
                if (body == tensors.end()) return std::string("\"**\"");
                return absl::StrCat("\"", SplitLayerName(body->layer()).stem, ".**\"");
              },
          .later = true,
          .derived_again = true};
}

Field Pins() {
  std::vector<Field> fields = {
      {.name = "match", .doc = "A pattern of the layers that are pinned.", .type = LayerPattern()},
      {.name = "use", .doc = "The candidate that they keep.", .type = OfKind(Type::Kind::kRecipe)}};
  for (Field& field : fields) field.required = true;
  return {.name = "pin",
          .doc = "Layers that always have one of the candidates.",
          .type = ListOf(ObjectOf(std::move(fields)), 0, 100, false),
          .default_json = "[]",
          .later = true};
}

Field SwitchField() {
  const std::vector<std::string> choices = {"once", "hysteresis", "raise-only"};
  Field field =
      EnumField("switch", choices, &RunSpec::budget, &BudgetSpec::how, "hysteresis",
                "\"once\": one decision, after update from_step. \"hysteresis\": another "
                "assignment whenever it is surely better. \"raise-only\": every layer begins with "
                "its smallest candidate and only goes to larger ones.");
  field.later = true;
  return field;
}

}  // namespace

Type BudgetType() {
  constexpr auto kBudget = &RunSpec::budget;
  return ObjectOf({
      BudgetField(
          "weight_bits",
          "The limit as bits a weight, over the layers that are decided on, scales and padding "
          "included; 0: another limit holds.",
          Number(0, 64), "0", kBudget, &BudgetSpec::weight_bits),
      BudgetField("weight_bytes",
                  "The limit as bytes of these layers' weights together; 0: another limit holds.",
                  Integer(0, 1e15), "0", kBudget, &BudgetSpec::weight_bytes),
      BudgetField(
          "step_seconds",
          "The limit as seconds of a step that the products of these layers take together, "
          "with quantization, measured on the machine before the first decision; 0: another "
          "limit holds.",
          Number(0, 1e6), "0", kBudget, &BudgetSpec::step_seconds),
      BudgetField(
          "training_bytes",
          "The limit as bytes that the whole of training holds: masters, gradients, optimizer "
          "states, what is kept of the weights for the products, and activations at their "
          "peak, computed from the document. Fields that it leaves out are chosen so that all "
          "fits: training.activation_checkpointing, then optimizer.states, gradients and "
          "masters; 0: another limit holds.",
          Integer(0, 1e15), "0", kBudget, &BudgetSpec::training_bytes),
      RecipeList("candidates", "The recipes to choose from.",
                 R"(["nvfp4-weights", "int8", "baseline"])"),
      BodyPattern("A pattern of the layers that are decided on; look-ups are left out."),
      BudgetField("every", "Updates between two decisions.", Integer(1, kMostSteps), "200", kBudget,
                  &BudgetSpec::every),
      BudgetField("from_step", "The update after which the first decision falls.",
                  Integer(1, kMostSteps), "20", kBudget, &BudgetSpec::from_step),
      BudgetField("micro_batches", "Micro-batches that a decision measures on.", Integer(2, 64),
                  "2", kBudget, &BudgetSpec::micro_batches),
      SwitchField(),
      BudgetField("dwell",
                  "Updates between two switches of a layer, and between the last decision and the "
                  "end.",
                  Integer(0, kMostSteps), "100", kBudget, &BudgetSpec::dwell),
      BudgetField("min_gain", "The predicted gain, in nats, below which nothing switches.",
                  Number(0, 1e6), "0", kBudget, &BudgetSpec::min_gain),
      Pins(),
      {.name = "groups",
       .doc = "Patterns: the layers that one of them matches switch together.",
       .type = ListOf(LayerPattern(), 0, 100, true),
       .default_json = "[]",
       .later = true},
  });
}

Type SensitivityType() {
  constexpr auto kSensitivity = &RunSpec::sensitivity;
  return ObjectOf({
      BudgetField("every", "Updates between two measurements.", Integer(1, kMostSteps), "200",
                  kSensitivity, &SensitivitySpec::every),
      BudgetField("micro_batches", "Micro-batches that one measurement looks at.", Integer(1, 4096),
                  "1", kSensitivity, &SensitivitySpec::micro_batches),
      RecipeList("formats", "The recipes that layers are scored under.",
                 R"(["nvfp4-weights", "mxfp4-weights", "nf4", "fp8", "nvfp4"])"),
      BodyPattern("A pattern of the layers that are scored; look-ups are left out."),
      BudgetField("advise",
                  "Whether a measurement also predicts what more bits, more units and one more "
                  "layer would gain (`fp4ctl advise`).",
                  Boolean(), "false", kSensitivity, &SensitivitySpec::advise),
  });
}

}  // namespace fp4::spec
