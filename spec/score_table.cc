#include "spec/score_table.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fp4::spec {
namespace {

using Json = nlohmann::ordered_json;

// A number that is not finite is null.
Json NumberJson(double value) { return std::isfinite(value) ? Json(value) : Json(); }

double NumberOf(const Json& value) { return value.is_null() ? NAN : value.get<double>(); }

Json ScoreJson(const Score& score) {
  Json json = {{"recipe", score.recipe},
               {"bytes", score.bytes},
               {"loss_change", NumberJson(score.loss_change)},
               {"standard_error", NumberJson(score.standard_error)},
               {"first_order", NumberJson(score.first_order)},
               {"second_order", NumberJson(score.second_order)},
               {"gradient_divergence", NumberJson(score.gradient_divergence)}};
  if (score.seconds > 0) json["seconds"] = score.seconds;
  return json;
}

Score ReadScore(const Json& json) {
  return {.recipe = json.at("recipe"),
          .bytes = json.at("bytes"),
          .loss_change = NumberOf(json.at("loss_change")),
          .standard_error = NumberOf(json.at("standard_error")),
          .first_order = NumberOf(json.at("first_order")),
          .second_order = NumberOf(json.at("second_order")),
          .gradient_divergence = NumberOf(json.at("gradient_divergence")),
          .seconds = json.value("seconds", 0.0)};
}

Json MoveJson(const PredictedMove& predicted) {
  const Move& move = predicted.move;
  Json json = {
      {"move", move.name()}, {"kind", std::string(MoveKindName(move.kind))}, {"layer", move.layer}};
  if (move.kind == MoveKind::kBits) json["recipe"] = move.recipe;
  if (move.kind == MoveKind::kUnits) json["units"] = move.units;
  json["extra_bytes"] = predicted.extra_bytes;
  json["gain"] = NumberJson(predicted.gain);
  json["standard_error"] = NumberJson(predicted.standard_error);
  json["gain_per_byte"] = NumberJson(predicted.gain_per_byte());
  return json;
}

Json MovesJson(const std::vector<PredictedMove>& moves) {
  Json json = Json::array();
  for (const PredictedMove& move : moves) json.push_back(MoveJson(move));
  return json;
}

MoveKind MoveKindOf(const Json& json) {
  const std::string name = json;
  for (const MoveKind kind : {MoveKind::kBits, MoveKind::kUnits, MoveKind::kLayer})
    if (name == MoveKindName(kind)) return kind;
  throw Json::other_error::create(501, "'" + name + "' is no kind of move", &json);
}

PredictedMove ReadMove(const Json& json) {
  PredictedMove predicted;
  predicted.move.kind = MoveKindOf(json.at("kind"));
  predicted.move.layer = json.at("layer");
  if (json.contains("recipe")) predicted.move.recipe = json.at("recipe");
  if (json.contains("units")) predicted.move.units = json.at("units");
  predicted.extra_bytes = json.at("extra_bytes");
  predicted.gain = NumberOf(json.at("gain"));
  predicted.standard_error = NumberOf(json.at("standard_error"));
  return predicted;
}

Json TableJson(const ScoreTable& table) {
  Json layers = Json::array();
  for (const LayerScores& layer : table.layers) {
    Json scores = Json::array();
    for (const Score& score : layer.scores) scores.push_back(ScoreJson(score));
    layers.push_back({{"layer", layer.layer}, {"current", layer.current}, {"scores", scores}});
  }
  Json json = {
      {"micro_batches", table.micro_batches}, {"targets", table.targets}, {"layers", layers}};
  if (!table.moves.empty()) json["moves"] = MovesJson(table.moves);
  return json;
}

ScoreTable ReadTable(int64_t step, const Json& json) {
  ScoreTable table{.step = step,
                   .micro_batches = json.at("micro_batches"),
                   .targets = json.at("targets"),
                   .layers = {}};
  for (const Json& item : json.at("layers")) {
    LayerScores& layer = table.layers.emplace_back();
    layer.layer = item.at("layer");
    layer.current = item.at("current");
    for (const Json& score : item.at("scores")) layer.scores.push_back(ReadScore(score));
  }
  if (json.contains("moves"))
    for (const Json& move : json.at("moves")) table.moves.push_back(ReadMove(move));
  return table;
}

Decision ReadDecision(int64_t step, const Json& json) {
  Decision decision{.step = step,
                    .how = json.at("switch"),
                    .changed = json.at("changed"),
                    .why = json.at("why"),
                    .limit_bytes = json.at("limit_bytes"),
                    .bytes = json.at("bytes"),
                    .limit_seconds = json.value("limit_seconds", 0.0),
                    .seconds = json.value("seconds", 0.0),
                    .predicted = NumberOf(json.at("predicted")),
                    .bound = NumberOf(json.at("bound")),
                    .gain = NumberOf(json.at("gain")),
                    .standard_error = NumberOf(json.at("standard_error")),
                    .needed = NumberOf(json.at("needed")),
                    .assignment = {},
                    .changes = {},
                    .scores = ReadTable(step, json.at("scores"))};
  for (const auto& [layer, recipe] : json.at("assignment").items())
    decision.assignment.emplace_back(layer, recipe.get<std::string>());
  for (const Json& change : json.at("changes"))
    decision.changes.push_back({change.at("layer"), change.at("from"), change.at("to")});
  return decision;
}

template <typename Result>
absl::StatusOr<Result> Parse(int64_t step, std::string_view json,
                             Result (*read)(int64_t, const Json&)) {
  try {
    return read(step, Json::parse(json));
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("scores of step ", step, ": ", error.what()));
  }
}

std::vector<std::string> RecipesOf(const ScoreTable& table) {
  std::vector<std::string> recipes;
  for (const LayerScores& layer : table.layers) {
    for (const Score& score : layer.scores) {
      if (std::ranges::find(recipes, score.recipe) == recipes.end())
        recipes.push_back(score.recipe);
    }
  }
  return recipes;
}

std::string Cell(const LayerScores& layer, const std::string& recipe) {
  const auto score = std::ranges::find(layer.scores, recipe, &Score::recipe);
  if (score == layer.scores.end()) return "-";
  return absl::StrFormat("%+.2e (%.0e)", score->loss_change, score->standard_error);
}

}  // namespace

double Shrunk(double mean, double standard_error) {
  const double noise = 2 * standard_error;
  if (!(std::abs(mean) > noise)) return 0;
  const double ratio = noise / mean;
  return mean * (1 - ratio * ratio);
}

std::string ToJson(const ScoreTable& table) { return TableJson(table).dump(); }

std::string AdviceJson(const ScoreTable& table, const std::vector<Offer>& offers) {
  Json moves = Json::array();
  for (const PredictedMove& predicted : table.moves) {
    Json& json = moves.emplace_back(MoveJson(predicted));
    const std::string name = predicted.move.name();
    const auto offer = std::ranges::find_if(
        offers, [&name](const Offer& other) { return other.move.name() == name; });
    if (offer != offers.end()) json["change"] = Json::parse(offer->change);
  }
  return Json(
             {{"micro_batches", table.micro_batches}, {"targets", table.targets}, {"moves", moves}})
      .dump();
}

std::string ToJson(const PredictedMove& predicted) { return MoveJson(predicted).dump(); }

std::string ToJson(const Decision& decision) {
  Json assignment = Json::object(), changes = Json::array();
  for (const auto& [layer, recipe] : decision.assignment) assignment[layer] = recipe;
  for (const AssignmentChange& change : decision.changes)
    changes.push_back({{"layer", change.layer}, {"from", change.from}, {"to", change.to}});
  Json json = {{"switch", decision.how},
               {"changed", decision.changed},
               {"why", decision.why},
               {"limit_bytes", decision.limit_bytes},
               {"bytes", decision.bytes}};
  if (decision.limit_seconds > 0) {
    json["limit_seconds"] = decision.limit_seconds;
    json["seconds"] = decision.seconds;
  }
  json.update(Json{{"predicted", NumberJson(decision.predicted)},
                   {"bound", NumberJson(decision.bound)},
                   {"gain", NumberJson(decision.gain)},
                   {"standard_error", NumberJson(decision.standard_error)},
                   {"needed", NumberJson(decision.needed)},
                   {"assignment", assignment},
                   {"changes", changes},
                   {"scores", TableJson(decision.scores)}});
  return json.dump();
}

absl::StatusOr<ScoreTable> ParseScoreTable(int64_t step, std::string_view json) {
  return Parse<ScoreTable>(step, json, ReadTable);
}

absl::StatusOr<Decision> ParseDecision(int64_t step, std::string_view json) {
  return Parse<Decision>(step, json, ReadDecision);
}

std::string FormatScoreTable(const ScoreTable& table) {
  const std::vector<std::string> recipes = RecipesOf(table);
  std::vector<std::vector<std::string>> rows = {{"layer", "current"}};
  for (const std::string& recipe : recipes) rows[0].push_back(recipe);
  for (const LayerScores& layer : table.layers) {
    std::vector<std::string>& row = rows.emplace_back();
    row = {layer.layer, layer.current};
    for (const std::string& recipe : recipes) row.push_back(Cell(layer, recipe));
  }
  std::vector<size_t> widths(rows[0].size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const int width = static_cast<int>(widths[i]);
      absl::StrAppend(
          &text, i == 0 ? "" : "  ",
          i < 2 ? absl::StrFormat("%-*s", width, row[i]) : absl::StrFormat("%*s", width, row[i]));
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

std::string Describe(const ScoreTable& table) {
  const LayerScores* worst_layer = nullptr;
  const Score* worst = nullptr;
  for (const LayerScores& layer : table.layers) {
    for (const Score& score : layer.scores) {
      if (worst != nullptr && !(score.loss_change > worst->loss_change)) continue;
      worst_layer = &layer;
      worst = &score;
    }
  }
  std::string start =
      absl::StrCat("scores of ", table.layers.size(), " layers at step ", table.step);
  if (worst == nullptr) return start;
  return absl::StrCat(start, ": the largest is ", worst_layer->layer, " under ", worst->recipe,
                      ", predicted to change the loss by ",
                      absl::StrFormat("%+.3g", worst->loss_change));
}

std::string Describe(const Decision& decision) {
  const std::string spent =
      decision.limit_seconds > 0
          ? absl::StrFormat("%.3g of %.3g seconds", decision.seconds, decision.limit_seconds)
          : absl::StrCat(decision.bytes, " of ", decision.limit_bytes, " bytes");
  return absl::StrCat("budget at step ", decision.step, ": ", decision.why, "; ", spent);
}

}  // namespace fp4::spec
