#include "server/core/comparison_warnings.h"

#include <map>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/core/run_axis.h"

namespace fp4::core {
namespace {

struct Fact {
  std::string_view name;
  std::string StartedFacts::*value;
};

// What decides the bits of a run beside its document.
constexpr Fact kFacts[] = {{"compute type", &StartedFacts::compute_dtype},
                           {"threads", &StartedFacts::threads},
                           {"instruction set", &StartedFacts::instruction_set},
                           {"device", &StartedFacts::device},
                           {"data", &StartedFacts::data_sha256}};

// A sha256 is told by its beginning.
std::string Shown(const std::string& value) {
  constexpr size_t kShaLength = 64, kShownLength = 12;
  return value.size() == kShaLength ? value.substr(0, kShownLength) : value;
}

using Counts = std::map<std::string, int>;  // of runs, by value

// "1 (3 runs), 2 (6 runs)".
std::string CountsText(const Counts& counts) {
  return absl::StrJoin(counts, ", ", [](std::string* out, const Counts::value_type& entry) {
    absl::StrAppend(out, entry.first, " (", entry.second, entry.second == 1 ? " run)" : " runs)");
  });
}

void WarnIfSeveral(const std::string& words, const Counts& counts,
                   std::vector<std::string>& warnings) {
  if (counts.size() > 1) warnings.push_back(absl::StrCat(words, ": ", CountsText(counts)));
}

// The values in the order of the attempts, repetitions left out.
std::vector<std::string> ValuesOverAttempts(const RunResult& run, const Fact& fact) {
  std::vector<std::string> values;
  for (const StartedFacts& attempt : run.attempts) {
    // What began anew owes nothing to what came before.
    if (attempt.resumed_from_step == 0) values.clear();
    const std::string value = Shown(attempt.*fact.value);
    if (!value.empty() && (values.empty() || values.back() != value)) values.push_back(value);
  }
  return values;
}

}  // namespace

std::vector<std::string> WarnOfDifferentPlaces(std::span<const RunResult> runs) {
  std::vector<std::string> warnings;
  for (const Fact& fact : kFacts) {
    Counts counts;
    for (const RunResult& run : runs) {
      const std::string value = Shown(run.started().*fact.value);
      if (!value.empty()) ++counts[value];
    }
    WarnIfSeveral(absl::StrCat("runs differ in ", std::string(fact.name)), counts, warnings);
  }
  Counts hosts;
  for (const RunResult& run : runs) {
    if (!run.hosts.empty()) ++hosts[absl::StrJoin(run.hosts, " and ")];
  }
  WarnIfSeveral("runs differ in machine", hosts, warnings);
  return warnings;
}

std::vector<std::string> WarnOfDifferentEnds(std::span<const RunResult> runs) {
  std::vector<std::string> warnings;
  Counts tokens, steps;
  for (const RunResult& run : runs) {
    if (run.state != RunState::kCompleted || run.curve.empty()) continue;
    const int64_t step = run.curve.back().step;
    const std::optional<double> end = PositionAt(run, ComparisonAxis::kTokens, step);
    ++(end ? tokens[absl::StrFormat("%.0f", *end)] : steps[absl::StrCat(step)]);
  }
  WarnIfSeveral("runs end after different numbers of tokens", tokens, warnings);
  WarnIfSeveral("runs end after different numbers of steps", steps, warnings);
  return warnings;
}

std::vector<std::string> WarnOfChangesOnResume(std::span<const RunResult> runs) {
  std::vector<std::string> warnings;
  for (const RunResult& run : runs) {
    for (const Fact& fact : kFacts) {
      const std::vector<std::string> values = ValuesOverAttempts(run, fact);
      if (values.size() < 2) continue;
      warnings.push_back(absl::StrCat(run.variant, ", seed ", run.seed, ", went on under other ",
                                      std::string(fact.name), ": ",
                                      absl::StrJoin(values, ", then ")));
    }
  }
  return warnings;
}

}  // namespace fp4::core
