#include "client/top/screen.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/metric_names.h"
#include "client/render/findings.h"
#include "client/render/numbers.h"
#include "client/render/progress.h"
#include "client/render/runs.h"

namespace fp4::client {
namespace {

constexpr size_t kMostWorkers = 6, kMostFindings = 6, kFewestRuns = 3;

using Lines = std::vector<std::string>;

// A text's lines, each cut to the layout.
Lines LinesOf(const std::string& text) {
  Lines lines = absl::StrSplit(text, '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::string Cut(const std::string& line, const Layout& layout) {
  return layout.width == 0 ? line : Truncate(line, layout.width, layout.unicode);
}

double Throughput(const TopSnapshot& snapshot) {
  double sum = 0;
  for (const v1::Run& run : snapshot.active) {
    const auto speed = LatestValue(run, std::string(metric::kTokensPerSecond));
    if (run.state() == v1::RUN_STATE_RUNNING && speed && std::isfinite(*speed)) sum += *speed;
  }
  return sum;
}

std::string SlotsText(const v1::ListWorkersResponse& workers) {
  int busy = 0, all = 0;
  for (const v1::Worker& worker : workers.workers()) {
    if (!worker.connected()) continue;
    for (const v1::Slot& slot : worker.slots()) {
      ++all;
      busy += slot.run_id().empty() ? 0 : 1;
    }
  }
  return absl::StrCat(busy, " of ", all, all == 1 ? " slot busy" : " slots busy");
}

std::string Headline(const TopSnapshot& snapshot) {
  const auto leased = std::ranges::count_if(
      snapshot.active, [](const v1::Run& run) { return run.state() != v1::RUN_STATE_QUEUED; });
  return absl::StrCat("fp4lab ", snapshot.address, "  ",
                      absl::FormatTime("%H:%M:%S", snapshot.time, absl::LocalTimeZone()), "  ",
                      leased, leased == 1 ? " run active, " : " runs active, ", snapshot.num_queued,
                      " queued, ", SlotsText(snapshot.workers), ", ",
                      FormatCount(Throughput(snapshot)), " tokens/s");
}

// The runs that hold the slots, then how many are free.
std::string SlotsOf(const v1::Worker& worker) {
  if (!worker.connected()) return "";
  std::vector<std::string> words;
  int free = 0;
  for (const v1::Slot& slot : worker.slots()) {
    if (slot.run_id().empty()) {
      ++free;
    } else {
      words.push_back(slot.run_id());
    }
  }
  if (free > 0) words.push_back(absl::StrCat(free, " free"));
  return absl::StrJoin(words, " ");
}

Lines WorkerLines(const v1::ListWorkersResponse& workers, const Layout& layout) {
  Lines lines;
  for (const v1::Worker& worker : workers.workers()) {
    if (lines.size() == kMostWorkers) {
      lines.push_back(absl::StrCat("and ", workers.workers_size() - static_cast<int>(kMostWorkers),
                                   " more workers"));
      break;
    }
    const bool well = worker.connected() && worker.problem().empty();
    const std::string state = !worker.connected()        ? "away"
                              : worker.problem().empty() ? ""
                                                         : worker.problem();
    std::string line = worker.name();
    for (const std::string& part : {SlotsOf(worker), state}) {
      if (!part.empty()) absl::StrAppend(&line, "  ", part);
    }
    lines.push_back(
        Colored(Cut(Printable(line), layout), well ? Color::kPlain : Color::kRed, layout.color));
  }
  return lines;
}

Cell Number(const v1::Run& run, std::string_view metric) {
  const auto value = LatestValue(run, std::string(metric));
  return value ? FormatFixed(*value, 4) : "";
}

// The header and a row for each run.
Lines RunLines(const std::vector<v1::Run>& runs, const Paces& paces, const Layout& layout) {
  Table table({{.header = "RUN"},
               {.header = "EXPERIMENT", .min_width = 8, .drop_order = 5, .names = true},
               {.header = "VARIANT", .min_width = 8, .names = true},
               {.header = "SEED", .right = true, .drop_order = 3},
               {.header = "STATE"},
               {.header = "PROGRESS", .drop_order = 4},
               {.header = "STEP", .right = true, .drop_order = 1},
               {.header = "LOSS", .right = true},
               {.header = "VAL LOSS", .right = true, .drop_order = 2},
               {.header = "TOK/S", .right = true, .drop_order = 6},
               {.header = "LEFT", .right = true}});
  for (const v1::Run& run : runs) {
    const bool queued = run.state() == v1::RUN_STATE_QUEUED;
    const auto speed = LatestValue(run, std::string(metric::kTokensPerSecond));
    const auto left = queued ? std::nullopt : paces.TimeLeft(run);
    table.AddRow({run.id(), Printable(run.experiment_name()), Printable(run.variant()),
                  absl::StrCat(run.seed()), Cell(StateName(run.state()), StateColor(run.state())),
                  ProgressBar(run.step(), run.total_steps(), run.state(), layout.unicode),
                  absl::StrCat(run.step(), "/", run.total_steps()), Number(run, metric::kTrainLoss),
                  Number(run, metric::kValLoss), speed && !queued ? FormatCount(*speed) : "",
                  left ? FormatInterval(*left) : ""});
  }
  return table.empty() ? Lines{"No run is active."} : LinesOf(table.Render(layout));
}

Lines FindingLines(const TopSnapshot& snapshot, const Layout& layout) {
  Lines lines;
  for (const v1::Run& run : snapshot.active) {
    const std::string subject =
        absl::StrCat(run.id(), " (", RunLabel(run.variant(), run.seed()), ")");
    const Layout plain{.width = 0, .color = false, .unicode = layout.unicode};
    for (const std::string& line :
         LinesOf(RenderFindings(subject, {run.health().begin(), run.health().end()}, plain))) {
      lines.push_back(Colored(Cut(line, layout), Color::kYellow, layout.color));
    }
  }
  for (const v1::Run& run : snapshot.failed) {
    const std::string line =
        absl::StrCat("failed: ", run.id(), " (", RunLabel(run.variant(), run.seed()), " of ",
                     run.experiment_name(), "): ", run.message());
    lines.push_back(Colored(Cut(Printable(line), layout), Color::kRed, layout.color));
  }
  if (lines.size() > kMostFindings) {
    const size_t rest = lines.size() - kMostFindings;
    lines.resize(kMostFindings);
    lines.push_back(absl::StrCat("and ", rest, " more findings"));
  }
  return lines;
}

// The header, then as many rows as there is room for from `scroll` on, then what is left out.
Lines Window(const Lines& table, int room, int scroll, const Layout& layout) {
  const int rows = static_cast<int>(table.size()) - 1;
  if (room <= 0 || rows + 1 <= room) return table;
  const int shown = std::max(1, room - 2);
  const int first = std::clamp(scroll, 0, std::max(0, rows - shown));
  Lines lines = {table.front()};
  lines.insert(lines.end(), table.begin() + 1 + first, table.begin() + 1 + first + shown);
  lines.push_back(Cut(absl::StrCat(first, " above, ", rows - shown - first, " below"), layout));
  return lines;
}

void Append(const Lines& more, bool space, Lines& lines) {
  if (more.empty()) return;
  if (space) lines.emplace_back();
  lines.insert(lines.end(), more.begin(), more.end());
}

}  // namespace

std::vector<std::string> RenderTop(const TopSnapshot& snapshot, const Paces& paces,
                                   const TopView& view, const Layout& layout) {
  Lines head = {Colored(Cut(Headline(snapshot), layout), Color::kBold, layout.color)};
  if (!view.notice.empty()) {
    head.push_back(Colored(Cut(Printable(view.notice), layout), Color::kRed, layout.color));
  }
  Lines below = FindingLines(snapshot, layout);
  const Lines workers = WorkerLines(snapshot.workers, layout);
  const Lines runs = RunLines(snapshot.active, paces, layout);
  const int keys = view.keys ? 1 : 0;
  const auto room_with = [&](const Lines& upper, const Lines& lower) {
    const auto used = head.size() + upper.size() + lower.size() + (lower.empty() ? 1 : 2);
    return view.height - static_cast<int>(used) - keys;
  };
  // On a low screen the runs come first.
  const bool limited = view.height > 0;
  if (limited && room_with(workers, below) < static_cast<int>(kFewestRuns)) below.clear();
  const bool with_workers = !limited || room_with(workers, below) >= static_cast<int>(kFewestRuns);
  const Lines upper = with_workers ? workers : Lines();
  Lines lines = head;
  Append(upper, false, lines);
  Append(limited ? Window(runs, std::max(1, room_with(upper, below)), view.scroll, layout) : runs,
         true, lines);
  Append(below, true, lines);
  if (limited) lines.resize(std::min(lines.size(), static_cast<size_t>(view.height - keys)));
  if (view.keys) {
    lines.push_back(Colored(Cut("q quit   up, down, page up, page down: scroll", layout),
                            Color::kDim, layout.color));
  }
  return lines;
}

}  // namespace fp4::client
