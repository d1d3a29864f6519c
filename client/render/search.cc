#include "client/render/search.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/render/numbers.h"
#include "client/render/text.h"

namespace fp4::client {
namespace {

std::string Heading(const v1::Search& search) {
  std::vector<std::string> goals;
  for (int i = 0; i < search.metrics_size() && i < search.goals_size(); ++i) {
    goals.push_back(absl::StrCat(search.goals(i), " ", search.metrics(i)));
  }
  std::string text = absl::StrCat("Search (", search.method(), ", ", absl::StrJoin(goals, ", "),
                                  "): ", search.trials_size(), " of ", search.num_trials(),
                                  search.num_trials() == 1 ? " trial made" : " trials made");
  if (search.num_invalid() > 0) {
    absl::StrAppend(&text, "; ", search.num_invalid(), " make no document and were passed over");
  }
  if (!search.ended().empty()) absl::StrAppend(&text, "; ", search.ended());
  return Printable(text);
}

// {"optimizer.learning_rate":0.001,"model.d_ff":64} without braces and quotes.
std::string ValuesText(const std::string& json) {
  std::string text;
  for (const char c : json) {
    if (c == '{' || c == '}' || c == '"') continue;
    text += c == ':' ? '=' : c;
    if (c == ',') text += ' ';
  }
  return Printable(text);
}

// "25: 3.1, 100: 2.4 stopped".
std::string RungsText(const v1::Trial& trial) {
  return absl::StrJoin(trial.rungs(), ", ", [](std::string* out, const v1::Rung& rung) {
    absl::StrAppend(out, rung.step(), ": ", FormatValue(rung.metric()),
                    rung.kept() ? "" : " stopped");
  });
}

std::string MetricsText(const v1::Trial& trial) {
  return absl::StrJoin(trial.metrics(), ", ",
                       [](std::string* out, double value) { *out += FormatValue(value); });
}

}  // namespace

std::string RenderSearch(const v1::Search& search, const Layout& layout) {
  Table table({{.header = "TRIAL", .right = true},
               {.header = "RUN"},
               {.header = "SEED", .right = true, .drop_order = 2},
               {.header = "VALUES", .min_width = 20, .names = true},
               {.header = "STATE"},
               {.header = "END"},
               {.header = "RUNGS", .min_width = 12, .drop_order = 1}});
  std::string reasons;
  for (const v1::Trial& trial : search.trials()) {
    table.AddRow({absl::StrCat(trial.number()), trial.run_id(), absl::StrCat(trial.seed()),
                  ValuesText(trial.values_json()),
                  absl::StrCat(trial.state(), trial.best() ? " *" : ""), MetricsText(trial),
                  RungsText(trial)});
    if (trial.why().empty()) continue;
    const std::string line = absl::StrCat("trial ", trial.number(), " ", trial.state(), ": ",
                                          PrintableLines(trial.why(), 2));
    absl::StrAppend(&reasons, Wrapped(line, layout.width, 2), "\n");
  }
  std::string text =
      absl::StrCat(Wrapped(Heading(search), layout.width, 2), "\n", table.Render(layout));
  const bool any_best = std::ranges::any_of(search.trials(), &v1::Trial::best);
  if (any_best) {
    absl::StrAppend(
        &text, "* ",
        search.metrics_size() > 1 ? "no other trial is better in all" : "the best so far", "\n");
  }
  return text + reasons;
}

}  // namespace fp4::client
