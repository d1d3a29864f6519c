// Where the runs were computed, and with what.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/report/sections.h"
#include "spec/json.h"

namespace fp4::client::report {
namespace {

// These are told elsewhere, or say nothing of the machine.
constexpr std::string_view kLeftOut[] = {"document", "layers", "resumed_from_step"};

struct Value {
  std::string text;
  int count = 0;
};
struct Fact {
  std::string name;
  std::vector<Value> values;
};

void Count(const std::string& name, const std::string& text, std::vector<Fact>& facts) {
  auto fact = std::ranges::find(facts, name, &Fact::name);
  if (fact == facts.end()) fact = facts.insert(facts.end(), {name, {}});
  auto value = std::ranges::find(fact->values, text, &Value::text);
  if (value == fact->values.end()) value = fact->values.insert(fact->values.end(), {text, 0});
  ++value->count;
}

std::vector<Fact> FactsOf(const Data& data) {
  std::vector<Fact> facts;
  for (const RunData& one : data.runs) {
    const spec::ParsedJson started = spec::ParseJson(one.run.started_json());
    for (const spec::Member& member : started.root.members) {
      if (std::ranges::find(kLeftOut, member.key) != std::end(kLeftOut)) continue;
      const bool is_text = member.value.kind == spec::Node::Kind::kString;
      Count(member.key, is_text ? member.value.text : WriteCompactJson(member.value), facts);
    }
    if (!one.run.worker().empty()) Count("worker", one.run.worker(), facts);
  }
  return facts;
}

}  // namespace

Section EnvironmentSection(const Data& data) {
  Section section{.id = "environment", .title = "Environment"};
  Table table{.columns = {{"what"}, {"value", false, true}}, .rows = {}};
  for (const Fact& fact : FactsOf(data)) {
    std::vector<std::string> values;
    for (const Value& value : fact.values) {
      const bool alone = fact.values.size() == 1;
      values.push_back(alone ? value.text
                             : absl::StrCat(value.text, " (", value.count,
                                            value.count == 1 ? " run)" : " runs)"));
    }
    table.rows.push_back({fact.name, absl::StrJoin(values, ", ")});
  }
  if (table.rows.empty()) return section;
  section.blocks.push_back(
      Paragraph{"As the trainers told when they started; where runs differ, how many say what."});
  section.blocks.push_back(std::move(table));
  return section;
}

}  // namespace fp4::client::report
