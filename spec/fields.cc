#include "spec/fields.h"

namespace fp4::spec {
namespace {

template <typename Member>
std::function<void(const Node&, RunSpec&)> IntoRun(Member RunSpec::*member) {
  return [member](const Node& node, RunSpec& run) {
    if constexpr (std::is_same_v<Member, std::string>) {
      run.*member = node.text;
    } else if constexpr (std::is_integral_v<Member>) {
      run.*member = AsInteger(node);
    } else {
      run.*member = AsStrings(node);
    }
  };
}

// Seeds stay below 2^53, so that every JSON reader keeps them.
constexpr double kLargestSeed = 9007199254740991;

Field Section(std::string name, std::string doc, Type type) {
  return {.name = std::move(name),
          .doc = std::move(doc),
          .type = std::move(type),
          .default_json = "{}"};
}

std::vector<Field> AboutFields() {
  return {
      {.name = "schema_version",
       .doc = "The version of this format.",
       .type = Integer(1, 1),
       .default_json = "1"},
      {.name = "name",
       .doc = "What the experiment is called in lists.",
       .type = Name(),
       .store = IntoRun(&RunSpec::experiment_name),
       .required = true,
       .concern = Concern::kPeople},
      {.name = "description",
       .doc = "A note for people.",
       .type = Text(),
       .default_json = "\"\"",
       .store = IntoRun(&RunSpec::description),
       .concern = Concern::kPeople},
      {.name = "project",
       .doc = "Groups experiments.",
       .type = Name(),
       .default_json = "\"default\"",
       .store = IntoRun(&RunSpec::project),
       .concern = Concern::kPeople},
      {.name = "labels",
       .doc = "Words to find the experiment by.",
       .type = ListOf(Name(), 0, 64, true),
       .default_json = "[]",
       .store = IntoRun(&RunSpec::labels),
       .concern = Concern::kPeople},
  };
}

std::vector<Field> RunFields() {
  return {
      {.name = "seeds",
       .doc = "One run for each variant and seed; comparisons pair runs by seed. A seed fixes "
              "initial values, the order of "
              "the data, dropout and random rounding.",
       .type = ListOf(Integer(0, kLargestSeed), 1, 1000, true),
       .default_json = "[1]"},
      {.name = "variants",
       .doc = "What is compared: names, each with the fields that it changes (a JSON merge patch, "
              "RFC 7396, where null "
              "means back to the default). Without it there is one variant, \"default\".",
       .type = Variants(),
       .default_text = "one variant, \"default\""},
      Section("checkpoint", "When the state is saved, and how much of it is kept.",
              CheckpointType()),
      Section("resources", "What a run needs of a machine.", ResourcesType()),
      Section("retry", "What happens when a trainer dies.",
              ObjectOf({{.name = "max_restarts",
                         .doc = "How often a run is started again, from its last checkpoint, "
                                "before it counts as failed.",
                         .type = Integer(0, 1000),
                         .default_json = "3",
                         .store = IntoRun(&RunSpec::max_restarts),
                         .concern = Concern::kScheduling}})),
      {.name = "search",
       .doc = "A search over values of fields, in which every trial is a run.",
       .type = SearchType(),
       .default_json = "{}",
       .later = true,
       .concern = Concern::kScheduling},
      {.name = "notify",
       .doc = "Webhooks to call when runs end.",
       .type = ListOf(ObjectOf({}), 0, 100, false),
       .default_json = "[]",
       .built = false},
  };
}

Type BuildDocumentType() {
  std::vector<Field> fields = AboutFields();
  fields.push_back(
      Section("model", "The architecture: a preset, and what differs from it.", ModelType()));
  fields.push_back(Section("data", "What is learned from, and how it is cut.", DataType()));
  fields.push_back(
      Section("training", "How long, in which steps, and in which arithmetic.", TrainingType()));
  fields.push_back(Section("optimizer", "How weights follow gradients.", OptimizerType()));
  fields.push_back(
      Section("lr_schedule", "How the learning rate goes over the steps.", LearningRateType()));
  fields.push_back(
      Section("precision", "Which layers compute in which number format.", PrecisionType()));
  Field sensitivity = Section(
      "sensitivity",
      "Measures while the run trains what each layer would cost the loss under other recipes, and "
      "changes nothing. Left out: off.",
      SensitivityType());
  sensitivity.later = sensitivity.switches_on = true;
  fields.push_back(std::move(sensitivity));
  for (Field& field : RunFields()) fields.push_back(std::move(field));
  return ObjectOf(std::move(fields));
}

}  // namespace

const Type& DocumentType() {
  static const Type type = BuildDocumentType();
  return type;
}

}  // namespace fp4::spec
