#include "spec/search.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "spec/check.h"
#include "spec/events.h"
#include "spec/fields.h"
#include "spec/model_kinds.h"
#include "spec/override.h"

namespace fp4::spec {
namespace {

constexpr int64_t kDefaultTrials = 16;
constexpr double kMostGridPoints = 1e9;
// Fields that say what the experiment is, not what is trained.
constexpr const char* kNotSearched[] = {"schema_version", "name",      "description", "project",
                                        "labels",         "seeds",     "variants",    "search",
                                        "notify",         "resources", "retry"};

template <typename Enum>
Enum ChoiceOf(const Type& type, const std::string& text) {
  const auto found = std::ranges::find(type.choices, text);
  return static_cast<Enum>(found - type.choices.begin());
}

bool IsQuantity(const std::string& name) {
  return std::ranges::find(kSearchQuantities, name) != std::end(kSearchQuantities);
}

class SearchReader {
 public:
  SearchReader(const Node& node, const std::vector<Variant>& variants, Problems& problems)
      : node_(node), variants_(variants), problems_(problems) {}

  SearchSpec Read() {
    search_.method = ChoiceOf<SearchMethod>(FieldType("method"), Text("method"));
    search_.max_concurrent = Integer("max_concurrent");
    search_.reduction_factor = Integer("reduction_factor");
    search_.seed = static_cast<uint64_t>(Integer("seed"));
    ReadMetrics();
    ReadSpace();
    ReadConstraints();
    const Node* max_trials = node_.Find("max_trials");
    const bool grid = search_.method == SearchMethod::kGrid;
    search_.max_trials = max_trials ? AsInteger(*max_trials) : grid ? 0 : kDefaultTrials;
    ReadMinSteps();
    return std::move(search_);
  }

 private:
  static const Type& FieldType(std::string_view name) {
    static const Type type = SearchType();
    return FindField(type, name)->type;
  }
  Node Value(std::string_view name) const {
    if (const Node* given = node_.Find(name)) return *given;
    static const Type type = SearchType();
    return ParseJson(FindField(type, name)->default_json).root;
  }
  std::string Text(std::string_view name) const { return Value(name).text; }
  int64_t Integer(std::string_view name) const { return AsInteger(Value(name)); }

  const Place& PlaceOf(std::string_view name) const {
    const Node* given = node_.Find(name);
    return given == nullptr ? node_.place : given->place;
  }
  void Report(std::string_view name, std::string message) {
    problems_.Add(PlaceOf(name), absl::StrCat("search.", std::string(name)), std::move(message));
  }

  void ReadMetrics() {
    const Node metrics = Value("metric");
    if (metrics.kind == Node::Kind::kString) {
      search_.metrics.push_back({metrics.text, false});
    } else {
      for (const Node& item : metrics.items) search_.metrics.push_back({item.text, false});
    }
    for (SearchMetric& metric : search_.metrics) {
      metric.maximize = metric::BetterOf(metric.name) == metric::Better::kLarger;
    }
    CheckMetrics();
    CheckGivenOnce();
    if (const Node* goal = node_.Find("goal")) ReadGoals(*goal);
  }

  void CheckMetrics() {
    const std::string& first = search_.metrics[0].name;
    if (search_.method == SearchMethod::kAsha && IsQuantity(first)) {
      Report("metric", absl::StrCat("is '", first,
                                    "' first, and asha decides by what trials report as they go; "
                                    "allowed first: a metric, such as val/loss"));
    }
    for (const SearchMetric& metric : search_.metrics) {
      for (const Variant& variant : variants_) CheckIsTold(metric.name, variant.run.model);
    }
  }

  void CheckGivenOnce() {
    std::set<std::string> seen;
    for (const SearchMetric& metric : search_.metrics) {
      if (seen.insert(metric.name).second) continue;
      Report("metric", absl::StrCat("has '", metric.name, "' twice; each may be given once"));
    }
  }

  // Of the numbers that only some kinds of models have.
  void CheckIsTold(const std::string& name, const ModelSpec& model) {
    const ModelKind& kind = KindOf(model);
    const bool chosen_by_kind =
        name == metric::kValLoss || name == metric::kValAccuracy || name == metric::kValPerplexity;
    if (!chosen_by_kind || std::ranges::find(kind.metrics, name) != kind.metrics.end()) return;
    Report("metric", absl::StrCat("is '", name, "', which a model of the kind '",
                                  std::string(kind.name), "' does not tell"));
  }

  void ReadGoals(const Node& goal) {
    if (goal.kind == Node::Kind::kString) {
      for (SearchMetric& metric : search_.metrics) metric.maximize = goal.text == "maximize";
      return;
    }
    if (goal.items.size() != search_.metrics.size()) {
      Report("goal", absl::StrCat("has ", goal.items.size(), " words for ", search_.metrics.size(),
                                  search_.metrics.size() == 1 ? " metric" : " metrics",
                                  "; allowed: one word for all, or one for each"));
      return;
    }
    for (size_t i = 0; i < goal.items.size(); ++i) {
      search_.metrics[i].maximize = goal.items[i].text == "maximize";
    }
  }

  void ReadSpace() {
    const Node space = Value("space");
    if (space.members.empty()) {
      Report("space",
             "names no field; allowed: at least one, such as \"optimizer.learning_rate\": "
             "{\"type\": \"log_uniform\", \"min\": 1e-4, \"max\": 1e-2}");
    }
    double points = 1;
    for (const Member& member : space.members) {
      if (std::optional<SearchAxis> axis = ReadAxis(member)) {
        points *= static_cast<double>(std::max<int64_t>(axis->count, 1));
        search_.axes.push_back(*std::move(axis));
      }
    }
    if (search_.method == SearchMethod::kGrid && points > kMostGridPoints) {
      Report("space", absl::StrCat("has ", points, " points; allowed: at most ", kMostGridPoints));
    }
  }

  std::optional<SearchAxis> ReadAxis(const Member& member) {
    SearchAxis axis;
    axis.field = member.key;
    if (!FieldIsSearchable(member)) return std::nullopt;
    const size_t before = problems_.size();
    if (member.value.kind == Node::Kind::kList) {
      axis.type = AxisType::kChoice;
      ReadChoices(member.value, axis);
    } else {
      const Type* object = AlternativeFor(FieldType("space").items[0], Node::Kind::kObject);
      axis.type =
          ChoiceOf<AxisType>(FindField(*object, "type")->type, member.value.Find("type")->text);
      ReadRange(member, axis);
    }
    if (problems_.size() > before) return std::nullopt;
    CheckValues(member, axis);
    return axis;
  }

  void ReportAxis(const Member& member, const char* part, std::string message) {
    const Node* given = part[0] == '\0' ? nullptr : member.value.Find(part);
    problems_.Add(given == nullptr ? member.value.place : given->place,
                  absl::StrCat("search.space.", member.key, part[0] == '\0' ? "" : ".", part),
                  std::move(message));
  }

  bool FieldIsSearchable(const Member& member) {
    const std::string first = member.key.substr(0, member.key.find('.'));
    std::string fault;
    if (std::ranges::find(kNotSearched, first) != std::end(kNotSearched)) {
      fault = absl::StrCat("'", first, "' says nothing about the training, and is not searched");
    } else if (member.key == "training.steps" && search_.method == SearchMethod::kAsha) {
      fault = "asha compares trials at equal steps, and is not for the number of steps itself";
    } else {
      fault = FieldFault(member.key);
    }
    if (fault.empty()) return true;
    problems_.Add(member.key_place, absl::StrCat("search.space.", member.key), std::move(fault));
    return false;
  }

  // "unknown field; did you mean …": what an override of it would say.
  static std::string FieldFault(const std::string& field) {
    const Source source{.prefix = "", .override = field + "=null"};
    Problems found;
    ReadOverride(source, found);
    for (const Problem& problem : found.all()) {
      // That null is no value says that the field is one.
      if (problem.message.find("null") == std::string::npos) return problem.message;
    }
    return "";
  }

  void ReadRange(const Member& member, SearchAxis& axis) {
    const Node *min = member.value.Find("min"), *max = member.value.Find("max");
    const Node *count = member.value.Find("count"), *values = member.value.Find("values");
    if (axis.type == AxisType::kChoice) {
      for (const char* part : {"min", "max", "count"}) {
        if (member.value.Find(part) != nullptr) {
          ReportAxis(member, part, "is given, and the type choice has `values`; leave it out");
        }
      }
      if (values == nullptr) return ReportAxis(member, "", "has no `values`, which a choice needs");
      return ReadChoices(*values, axis);
    }
    if (values != nullptr)
      ReportAxis(member, "values", "is given, and is only for the type choice");
    if (min == nullptr || max == nullptr) {
      return ReportAxis(member, "", absl::StrCat("has no `", min == nullptr ? "min" : "max", "`"));
    }
    axis.min = AsNumber(*min);
    axis.max = AsNumber(*max);
    CheckRange(member, axis);
    ReadCount(member, count, axis);
  }

  void CheckRange(const Member& member, const SearchAxis& axis) {
    const bool whole = axis.type == AxisType::kInt || axis.type == AxisType::kLogInt;
    if (axis.min > axis.max) {
      ReportAxis(
          member, "min",
          absl::StrCat("is ", FormatNumber(axis.min), ", above max, ", FormatNumber(axis.max)));
    }
    if (whole && (axis.min != std::floor(axis.min) || axis.max != std::floor(axis.max))) {
      ReportAxis(member, "", "has a bound that is no whole number");
    }
    if (axis.type == AxisType::kLogUniform && axis.min <= 0) {
      ReportAxis(
          member, "min",
          absl::StrCat("is ", FormatNumber(axis.min), ", and log_uniform needs more than 0"));
    }
    if (axis.type == AxisType::kLogInt && axis.min < 1) {
      ReportAxis(member, "min",
                 absl::StrCat("is ", FormatNumber(axis.min), ", and log_int needs at least 1"));
    }
  }

  void ReadCount(const Member& member, const Node* count, SearchAxis& axis) {
    const double numbers = axis.max - axis.min + 1;
    const bool whole = axis.type == AxisType::kInt || axis.type == AxisType::kLogInt;
    if (search_.method != SearchMethod::kGrid) return;
    if (count != nullptr) {
      axis.count = AsInteger(*count);
      if (whole && static_cast<double>(axis.count) > numbers) {
        ReportAxis(member, "count",
                   absl::StrCat("is ", axis.count, ", and there are ", numbers,
                                " whole numbers from min to max"));
      }
    } else if (axis.type == AxisType::kInt && numbers <= 1000) {
      axis.count = static_cast<int64_t>(numbers);
    } else {
      ReportAxis(member, "", "has no `count`, which a grid needs here");
    }
  }

  static void ReadChoices(const Node& values, SearchAxis& axis) {
    for (const Node& item : values.items) axis.choices.push_back(WriteCompactJson(item));
    axis.count = static_cast<int64_t>(axis.choices.size());
  }

  // The field takes the ends of the range, and each of the choices.
  void CheckValues(const Member& member, const SearchAxis& axis) {
    if (axis.type == AxisType::kChoice) {
      const Node* values =
          member.value.kind == Node::Kind::kList ? &member.value : member.value.Find("values");
      for (size_t i = 0; i < axis.choices.size(); ++i) {
        CheckValue(member, axis.choices[i], values->items[i].place, "");
      }
      return;
    }
    const Place& min = member.value.Find("min")->place;
    CheckValue(member, FormatNumber(axis.min), min, "");
    CheckValue(member, FormatNumber(axis.max), member.value.Find("max")->place, "");
    const bool real = axis.type == AxisType::kUniform || axis.type == AxisType::kLogUniform;
    const double between = axis.min + 0.381966 * (axis.max - axis.min);
    if (real && axis.min < axis.max) {
      CheckValue(member, FormatNumber(between), min, " (a value between min and max)");
    }
  }

  void CheckValue(const Member& member, const std::string& json, const Place& place,
                  const char* note) {
    const Source source{.prefix = "", .override = absl::StrCat(member.key, "=", json)};
    Problems found;
    ReadOverride(source, found);
    if (found.empty()) return;
    problems_.Add(place, absl::StrCat("search.space.", member.key),
                  absl::StrCat(found.all()[0].message, note));
  }

  void ReadConstraints() {
    for (const Member& member : Value("constraints").members) {
      SearchConstraint constraint;
      constraint.quantity = member.key;
      if (const Node* min = member.value.Find("min")) constraint.min = AsNumber(*min);
      if (const Node* max = member.value.Find("max")) constraint.max = AsNumber(*max);
      const std::string path = absl::StrCat("search.constraints.", member.key);
      if (!constraint.min && !constraint.max) {
        problems_.Add(member.value.place, path, "has no limit; allowed: min, max, or both");
      } else if (constraint.min && constraint.max && *constraint.min > *constraint.max) {
        problems_.Add(member.value.place, path,
                      absl::StrCat("has a min of ", FormatNumber(*constraint.min), ", above max, ",
                                   FormatNumber(*constraint.max)));
      }
      search_.constraints.push_back(std::move(constraint));
    }
  }

  void ReadMinSteps() {
    int64_t fewest = std::numeric_limits<int64_t>::max();
    for (const Variant& variant : variants_) fewest = std::min(fewest, variant.run.training.steps);
    const Node* given = node_.Find("min_steps");
    search_.min_steps = given ? AsInteger(*given) : std::max<int64_t>(1, fewest / 16);
    if (search_.method == SearchMethod::kAsha && search_.min_steps > fewest) {
      Report("min_steps", absl::StrCat("is ", search_.min_steps, ", more than the ", fewest,
                                       " of training.steps"));
    }
  }

  const Node& node_;
  const std::vector<Variant>& variants_;
  Problems& problems_;
  SearchSpec search_;
};

}  // namespace

std::optional<SearchSpec> ReadSearch(const Node& merged, const std::vector<Variant>& variants,
                                     Problems& problems) {
  const Node* node = merged.Find("search");
  if (node == nullptr || node->members.empty()) return std::nullopt;
  Problems reported_already;
  const Type& type = FindField(DocumentType(), "search")->type;
  if (!Check(*node, type, Path{}, CheckAs::kDocument, reported_already)) return std::nullopt;
  return SearchReader(*node, variants, problems).Read();
}

}  // namespace fp4::spec
