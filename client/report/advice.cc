// What moves of capacity were predicted to gain, beside what they did gain.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/advice/measured.h"
#include "client/render/runs.h"
#include "client/report/sections.h"
#include "page/svg/scatter_chart.h"

namespace fp4::client::report {
namespace {

// What was advised but not trained is listed as far as this.
constexpr size_t kMostMoves = 20;

std::string Signed(double value) { return absl::StrFormat("%+.2e", value); }

Table PredictedTable(const std::vector<spec::PredictedMove>& moves) {
  Table table{.columns = {{"move"},
                          {"extra bytes", true},
                          {"predicted gain", true},
                          {"gain per byte", true}},
              .rows = {}};
  for (const spec::PredictedMove& move : moves) {
    if (table.rows.size() == kMostMoves) break;
    table.rows.push_back({move.move.name(), absl::StrCat(move.extra_bytes), Signed(move.gain),
                          Signed(move.gain_per_byte())});
  }
  return table;
}

Table MeasuredTable(const std::vector<MeasuredMove>& moves) {
  Table table{.columns = {{"move"},
                          {"extra bytes", true},
                          {"predicted gain", true},
                          {"measured gain [95 %]", true},
                          {"predicted per byte", true},
                          {"measured per byte", true},
                          {"rank", true},
                          {"rank per byte", true}},
              .rows = {}};
  const std::vector<MeasuredRank> ranks = MeasuredRanks(moves);
  for (size_t i = 0; i < moves.size(); ++i) {
    const MeasuredMove& move = moves[i];
    const bool known = move.seeds > 0;
    std::string gain = known ? Signed(move.gain) : "";
    if (move.low && move.high)
      absl::StrAppend(&gain, " [", Signed(*move.low), ", ", Signed(*move.high), "]");
    table.rows.push_back(
        {move.predicted.move.name(), absl::StrCat(move.predicted.extra_bytes),
         Signed(move.predicted.gain), std::move(gain), Signed(move.predicted.gain_per_byte()),
         known ? Signed(move.gain_per_byte()) : "", known ? absl::StrCat(ranks[i].by_gain) : "",
         known ? absl::StrCat(ranks[i].per_byte) : ""});
  }
  return table;
}

Pictures PredictedByMeasured(const Data& data, const std::vector<MeasuredMove>& moves) {
  page::svg::ScatterChart chart{.label = "measured gain of each move against the predicted one",
                                .x_title = "predicted gain",
                                .y_title = "measured gain",
                                .points = {}};
  for (const MeasuredMove& move : moves) {
    if (move.seeds == 0) continue;
    const std::string name = move.predicted.move.name();
    chart.points.push_back({.name = name,
                            .style = StyleOf(data, name),
                            .x = move.predicted.gain,
                            .y = move.gain,
                            .on_front = false});
  }
  return {{{.title = "Prediction and result", .svg = DrawScatterChart(chart), .caption = ""}}};
}

void AddRun(const Data& data, const ScoreData& run, std::vector<Block>& blocks) {
  const spec::ScoreTable* advice = FindAdvice(run.tables, -1);
  if (advice == nullptr) return;
  blocks.push_back(
      Heading{absl::StrCat(RunLabel(run.variant, run.seed), ", advice of step ", advice->step)});
  const std::vector<MeasuredMove> measured = data.comparison.reference() == run.variant
                                                 ? Measured(advice->moves, data.comparison)
                                                 : std::vector<MeasuredMove>();
  if (measured.empty()) {
    blocks.push_back(PredictedTable(advice->moves));
    return;
  }
  blocks.push_back(MeasuredTable(measured));
  Pictures pictures = PredictedByMeasured(data, measured);
  if (!pictures.pictures.front().svg.empty()) blocks.push_back(std::move(pictures));
}

}  // namespace

Section AdviceSection(const Data& data) {
  Section section{.id = "advice", .title = "Advice on capacity", .blocks = {}};
  for (const ScoreData& run : data.scores) AddRun(data, run, section.blocks);
  if (!section.blocks.empty()) {
    section.blocks.insert(
        section.blocks.begin(),
        Paragraph{"What the loss was predicted to fall by with more bits, more units or one more "
                  "layer, the layer where most can be gained first; where the moves were "
                  "trained as variants, beside the fall against the advised variant, paired by "
                  "seed, and its ranks among the moves."});
  }
  return section;
}

}  // namespace fp4::client::report
