#include "client/advice/measured.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/render/text.h"
#include "spec/json.h"

namespace fp4::client {
namespace {

std::string Signed(double value) { return absl::StrFormat("%+.2e", value); }

std::string IntervalText(const MeasuredMove& move) {
  if (move.seeds == 0) return "";
  if (!move.low || !move.high) return Signed(move.gain);
  return absl::StrCat(Signed(move.gain), " [", Signed(*move.low), ", ", Signed(*move.high), "]");
}

const spec::PredictedMove* FindMove(const spec::ScoreTable& table, const std::string& name) {
  const auto found = std::ranges::find_if(
      table.moves, [&name](const spec::PredictedMove& move) { return move.move.name() == name; });
  return found == table.moves.end() ? nullptr : &*found;
}

}  // namespace

bool AsksForAdvice(std::string_view run_document) {
  const spec::ParsedJson document = spec::ParseJson(run_document);
  const spec::Node* sensitivity = document.root.Find("sensitivity");
  const spec::Node* advise = sensitivity == nullptr ? nullptr : sensitivity->Find("advise");
  return advise != nullptr && advise->boolean;
}

const spec::ScoreTable* FindAdvice(const std::vector<spec::ScoreTable>& tables, int64_t step) {
  const spec::ScoreTable* found = nullptr;
  for (const spec::ScoreTable& table : tables)
    if (!table.moves.empty() && (step < 0 || table.step == step)) found = &table;
  return found;
}

double MeasuredMove::gain_per_byte() const {
  spec::PredictedMove measured = predicted;
  measured.gain = gain;
  return measured.gain_per_byte();
}

std::vector<spec::PredictedMove> MeanOver(const std::vector<const spec::ScoreTable*>& runs) {
  std::vector<spec::PredictedMove> means;
  if (runs.empty()) return means;
  const auto count = static_cast<double>(runs.size());
  for (const spec::PredictedMove& first : runs.front()->moves) {
    spec::PredictedMove mean = first;
    mean.gain = mean.standard_error = 0;
    double variance = 0;
    bool everywhere = true;
    for (const spec::ScoreTable* table : runs) {
      const spec::PredictedMove* move = FindMove(*table, first.move.name());
      everywhere = everywhere && move != nullptr;
      if (move == nullptr) continue;
      mean.gain += move->gain / count;
      variance += move->standard_error * move->standard_error;
    }
    mean.standard_error = std::sqrt(variance) / count;
    if (everywhere) means.push_back(std::move(mean));
  }
  SortMoves(means);
  return means;
}

std::vector<MeasuredMove> Measured(const std::vector<spec::PredictedMove>& predicted,
                                   const v1::CompareResponse& comparison) {
  std::vector<MeasuredMove> moves;
  for (const spec::PredictedMove& move : predicted) {
    const auto variant =
        std::ranges::find(comparison.variants(), move.move.name(), &v1::VariantComparison::name);
    if (variant == comparison.variants().end()) continue;
    MeasuredMove& measured = moves.emplace_back();
    measured.predicted = move;
    if (!variant->has_difference() || variant->difference().n() == 0) continue;
    measured.seeds = variant->difference().n();
    measured.gain = -variant->difference().mean();
    if (!variant->difference().has_ci95()) continue;
    measured.low = -variant->difference().ci95().high();
    measured.high = -variant->difference().ci95().low();
  }
  return moves;
}

std::vector<MeasuredRank> MeasuredRanks(const std::vector<MeasuredMove>& moves) {
  std::vector<MeasuredRank> ranks(moves.size());
  for (size_t i = 0; i < moves.size(); ++i) {
    if (moves[i].seeds == 0) continue;
    ranks[i] = {.by_gain = 1, .per_byte = 1};
    for (const MeasuredMove& other : moves) {
      if (other.seeds == 0) continue;
      ranks[i].by_gain += other.gain > moves[i].gain ? 1 : 0;
      ranks[i].per_byte += other.gain_per_byte() > moves[i].gain_per_byte() ? 1 : 0;
    }
  }
  return ranks;
}

std::string RenderMeasured(const std::vector<MeasuredMove>& moves, const Layout& layout) {
  Table table({{"MOVE", false, 12, 0, true},
               {"BYTES", true},
               {"PREDICTED GAIN", true},
               {"PER BYTE", true, 0, 2},
               {"MEASURED GAIN [95 %]", true},
               {"PER BYTE", true, 0, 1},
               {"RANK", true},
               {"PER BYTE", true}});
  const std::vector<MeasuredRank> ranks = MeasuredRanks(moves);
  for (size_t i = 0; i < moves.size(); ++i) {
    const MeasuredMove& move = moves[i];
    const bool known = move.seeds > 0;
    table.AddRow(
        {Printable(move.predicted.move.name()), absl::StrCat(move.predicted.extra_bytes),
         absl::StrFormat("%+.2e (%.0e)", move.predicted.gain, move.predicted.standard_error),
         Signed(move.predicted.gain_per_byte()), IntervalText(move),
         known ? Signed(move.gain_per_byte()) : "", known ? absl::StrCat(ranks[i].by_gain) : "",
         known ? absl::StrCat(ranks[i].per_byte) : ""});
  }
  return table.Render(layout);
}

}  // namespace fp4::client
