// The section "search".
#include <algorithm>

#include "base/metric_names.h"
#include "spec/fields.h"
#include "spec/search_spec.h"

namespace fp4::spec {
namespace {

constexpr double kMostTrials = 100'000;

// Metrics of a run as a whole, and the other quantities.
std::vector<std::string> Quantities() {
  std::vector<std::string> names;
  for (const metric::Metric& known : metric::kTable) {
    if (known.better != metric::Better::kNeither && known.name.find('<') == std::string_view::npos)
      names.emplace_back(known.name);
  }
  names.insert(names.end(), std::begin(kSearchQuantities), std::end(kSearchQuantities));
  return names;
}

Type Quantity() { return Choice(Quantities()); }

Field Of(std::string name, std::string doc, Type type, std::string default_json) {
  return {.name = std::move(name),
          .doc = std::move(doc),
          .type = std::move(type),
          .default_json = std::move(default_json),
          .later = true};
}

// ReadSearch works the default out; `example` is one.
Field Derived(std::string name, std::string doc, Type type, std::string default_text,
              const std::string& example = "") {
  Field field = Of(std::move(name), std::move(doc), std::move(type), "");
  field.default_text = std::move(default_text);
  field.derive = [example](const RunSpec&, const Node*) { return example; };
  return field;
}

Type AxisValue() { return EitherOf({Number(-1e15, 1e15), Text(), Boolean()}); }

Type AxisObject() {
  std::vector<Field> fields = {
      Of("type",
         "How values are drawn: evenly between min and max (uniform, int), evenly in the logarithm "
         "(log_uniform, log_int), or from `values` (choice).",
         Choice({"uniform", "log_uniform", "int", "log_int", "choice"}), ""),
      Derived("min", "The smallest value.", Number(-1e15, 1e15),
              "none; every type but choice needs it"),
      Derived("max", "The largest value.", Number(-1e15, 1e15),
              "none; every type but choice needs it"),
      Derived("count", "Values that a grid takes, evenly placed, both ends included.",
              Integer(1, kMostTrials),
              "of int all whole numbers; the other types of a grid need it"),
      Derived("values", "What a choice chooses from.", ListOf(AxisValue(), 1, 1000, false),
              "none; choice needs it"),
  };
  fields[0].required = true;
  fields[0].later = false;
  return ObjectOf(std::move(fields));
}

Type Constraints() {
  Type constraints = MapOf(ObjectOf(
      {Derived("min", "The smallest value that is good.", Number(-1e15, 1e15), "no limit"),
       Derived("max", "The largest value that is good.", Number(-1e15, 1e15), "no limit")}));
  constraints.choices = Quantities();
  return constraints;
}

}  // namespace

Type SearchType() {
  return ObjectOf({
      Of("method",
         "grid: all combinations; random: drawn ones; asha: drawn ones, of which at each rung only "
         "the best go on (arXiv 1810.05934, in the form that stops trials).",
         Choice({"grid", "random", "asha"}), "\"asha\""),
      Of("metric",
         "What the best trial is best in; of several the Pareto front is kept, and the first one "
         "decides among the rest.",
         EitherOf({Quantity(), ListOf(Quantity(), 1, 8, false)}), "\"val/loss\""),
      Derived("goal", "Whether small or large values are good: one word, or one for each metric.",
              EitherOf({Choice({"minimize", "maximize"}),
                        ListOf(Choice({"minimize", "maximize"}), 1, 8, false)}),
              "what is better of each metric", "\"minimize\""),
      Derived("max_trials", "Trials of each variant and seed.", Integer(1, kMostTrials),
              "16; of a grid all of it", "16"),
      Of("max_concurrent", "Trials that wait or run at the same time.", Integer(1, 10000), "4"),
      Of("reduction_factor", "Of asha: one trial in so many goes on at a rung.", Integer(2, 100),
         "4"),
      Derived("min_steps",
              "Of asha: the steps after which a trial may be stopped for the first time, at least.",
              Integer(1, kMostSteps), "a sixteenth of training.steps"),
      Of("seed", "Of the drawn values; trial i has the same ones whatever the others did.",
         Integer(0, 9007199254740991), "0"),
      Of("space",
         "The searched fields by name, each with what values it takes; a list is a choice.",
         MapOf(EitherOf({AxisObject(), ListOf(AxisValue(), 1, 1000, false)})), "{}"),
      Of("constraints",
         "Limits by quantity: a metric, weight_bytes or step_seconds. A trial beyond one counts as "
         "the worst.",
         Constraints(), "{}"),
  });
}

}  // namespace fp4::spec
