#include "client/render/progress.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/render/findings.h"
#include "client/render/numbers.h"
#include "client/render/runs.h"

namespace fp4::client {
namespace {

constexpr int kBarWidth = 16;

std::string Optional(const std::optional<double>& value) {
  return value.has_value() ? FormatFixed(*value, 4) : "";
}

// What stands in the last column: the time left while it runs, the state else.
Cell Outlook(const RunProgress& run, absl::Time now) {
  if (run.state == v1::RUN_STATE_RUNNING) {
    auto left = run.TimeLeft(now);
    if (left.has_value()) return FormatInterval(*left);
  }
  std::string text = StateName(run.state);
  if (run.state == v1::RUN_STATE_FAILED && !run.reason.empty()) {
    absl::StrAppend(&text, ": ", run.reason);
  }
  return {text, StateColor(run.state)};
}

bool IsActive(const RunProgress& run) {
  return !IsFinished(run.state) && run.state != v1::RUN_STATE_QUEUED;
}

// Which runs are shown when not all can be: active ones first, then those that failed, in the
// document's order.
std::vector<const RunProgress*> Choose(const std::vector<RunProgress>& runs, size_t limit) {
  std::vector<const RunProgress*> chosen;
  for (const RunProgress& run : runs) chosen.push_back(&run);
  if (runs.size() <= limit) return chosen;
  auto rank = [](const RunProgress* run) {
    return IsActive(*run) ? 0 : run->state == v1::RUN_STATE_FAILED ? 1 : 2;
  };
  std::stable_sort(chosen.begin(), chosen.end(),
                   [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
  chosen.resize(limit);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

// A line for each variant and code, over all seeds.
std::vector<std::string> Findings(const Board& board, const Layout& layout) {
  std::vector<std::string> variants;
  std::map<std::string, std::vector<v1::Health>> health;
  for (const RunProgress& run : board.runs()) {
    if (run.health.empty()) continue;
    auto& all = health[run.variant];
    if (all.empty()) variants.push_back(run.variant);
    all.insert(all.end(), run.health.begin(), run.health.end());
  }
  std::vector<std::string> lines;
  for (const std::string& variant : variants) {
    Layout plain = layout;
    plain.color = false;
    plain.width = 0;  // a line each; what is too long is cut below
    for (absl::string_view line :
         absl::StrSplit(RenderFindings(variant, health[variant], plain), '\n', absl::SkipEmpty())) {
      std::string_view text(line.data(), line.size());
      lines.push_back(Colored(
          layout.width > 0 ? Truncate(text, layout.width, layout.unicode) : std::string(text),
          Color::kYellow, layout.color));
    }
  }
  return lines;
}

std::string RunLines(const std::vector<const RunProgress*>& runs, absl::Time now,
                     const Layout& layout) {
  Table table({{.header = "RUN", .drop_order = 5},
               {.header = "VARIANT", .min_width = 12, .names = true},
               {.header = "SEED", .right = true, .drop_order = 1},
               {.header = "PROGRESS", .drop_order = 4},
               {.header = "STEP", .right = true, .drop_order = 2},
               {.header = "LOSS", .right = true, .drop_order = 6},
               {.header = "VAL LOSS", .right = true, .drop_order = 3},
               {.header = "TOK/S", .right = true, .drop_order = 7},
               {.header = "TIME LEFT", .right = true, .min_width = 9}});
  for (const RunProgress* run : runs) {
    table.AddRow({run->id, Printable(run->variant), absl::StrCat(run->seed),
                  ProgressBar(run->step, run->total_steps, run->state, layout.unicode),
                  absl::StrCat(run->step, "/", run->total_steps), Optional(run->loss),
                  Optional(run->val_loss),
                  run->tokens_per_second.has_value() ? FormatCount(*run->tokens_per_second) : "",
                  Outlook(*run, now)});
  }
  return table.Render(layout);
}

}  // namespace

Cell ProgressBar(int64_t step, int64_t total_steps, v1::RunState state, bool unicode) {
  const Glyphs& glyphs = GlyphsFor(unicode);
  int full = 0;
  if (total_steps > 0) {
    full = static_cast<int>(std::clamp<int64_t>(step * kBarWidth / total_steps, 0, kBarWidth));
  }
  if (state == v1::RUN_STATE_COMPLETED) full = kBarWidth;
  std::string text;
  for (int i = 0; i < kBarWidth; ++i) text += i < full ? glyphs.bar_full : glyphs.bar_empty;
  return {text, StateColor(state)};
}

std::string CountStates(const std::vector<RunProgress>& runs) {
  std::map<v1::RunState, int, std::greater<>> counts;
  for (const RunProgress& run : runs) ++counts[run.state];
  std::vector<std::string> parts;
  for (const auto& [state, count] : counts)
    parts.push_back(absl::StrCat(count, " ", StateName(state)));
  return absl::StrJoin(parts, ", ");
}

std::vector<std::string> RenderProgress(const Board& board, absl::Time now, int height,
                                        const Layout& layout) {
  const std::string title = absl::StrCat(Printable(board.title()), ": ", CountStates(board.runs()));
  std::vector<std::string> lines = {
      Colored(layout.width > 0 ? Truncate(title, layout.width, layout.unicode) : title,
              Color::kBold, layout.color)};
  std::vector<std::string> findings = Findings(board, layout);
  for (const std::string& line : board.WaitingLines()) {
    findings.insert(findings.begin(),
                    layout.width > 0 ? Truncate(line, layout.width, layout.unicode) : line);
  }
  size_t limit = board.runs().size();
  if (height > 0) {
    findings.resize(std::min<size_t>(findings.size(), std::max(0, height / 4)));
    // Title, the table's header, and the line that counts what is left out.
    const int room = height - 3 - static_cast<int>(findings.size());
    limit = std::min<size_t>(limit, std::max(1, room));
  }
  const auto chosen = Choose(board.runs(), limit);
  const std::string table = RunLines(chosen, now, layout);
  for (absl::string_view line : absl::StrSplit(table, '\n', absl::SkipEmpty())) {
    lines.emplace_back(line);
  }
  if (chosen.size() < board.runs().size()) {
    lines.push_back(absl::StrCat("and ", board.runs().size() - chosen.size(), " more"));
  }
  lines.insert(lines.end(), findings.begin(), findings.end());
  return lines;
}

}  // namespace fp4::client
