// Heat maps of predicted changes of the loss: layers by recipes, and layers over steps.
#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "client/render/runs.h"
#include "client/report/sections.h"

namespace fp4::client::report {
namespace {

constexpr size_t kMostScoreColumns = 40;
constexpr double kNoScore = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> RecipesOf(const spec::ScoreTable& table) {
  std::vector<std::string> recipes;
  for (const spec::LayerScores& layer : table.layers) {
    for (const spec::Score& score : layer.scores) {
      if (std::ranges::find(recipes, score.recipe) == recipes.end())
        recipes.push_back(score.recipe);
    }
  }
  return recipes;
}

// The colour is the logarithm of the magnitude: scores of one table differ by orders of magnitude.
double Colour(const spec::ScoreTable& table, const std::string& layer, const std::string& recipe) {
  const auto scores = std::ranges::find(table.layers, layer, &spec::LayerScores::layer);
  if (scores == table.layers.end()) return kNoScore;
  const auto score = std::ranges::find(scores->scores, recipe, &spec::Score::recipe);
  if (score == scores->scores.end() || score->loss_change == 0) return kNoScore;
  return std::log10(std::abs(score->loss_change));
}

page::svg::HeatMap LayersByRecipes(const ScoreData& run) {
  const spec::ScoreTable& newest = run.tables.back();
  page::svg::HeatMap map{
      .label = absl::StrCat("predicted change of the loss of each layer under each recipe, ",
                            RunLabel(run.variant, run.seed)),
      .x_title = "recipe",
      .rows = {},
      .columns = RecipesOf(newest),
      .values = {}};
  for (const spec::LayerScores& layer : newest.layers) {
    map.rows.push_back(layer.layer);
    std::vector<double>& row = map.values.emplace_back();
    for (const std::string& recipe : map.columns)
      row.push_back(Colour(newest, layer.layer, recipe));
  }
  return map;
}

page::svg::HeatMap LayersOverSteps(const ScoreData& run, const std::string& recipe) {
  page::svg::HeatMap map{
      .label = absl::StrCat("predicted change of the loss under ", recipe,
                            " of each layer over steps, ", RunLabel(run.variant, run.seed)),
      .x_title = "step",
      .rows = {},
      .columns = {},
      .values = {}};
  const size_t count = std::min(kMostScoreColumns, run.tables.size());
  for (const spec::LayerScores& layer : run.tables.back().layers) {
    map.rows.push_back(layer.layer);
    map.values.emplace_back();
  }
  for (size_t column = 0; column < count; ++column) {
    const spec::ScoreTable& table = run.tables[(column + 1) * run.tables.size() / count - 1];
    map.columns.push_back(absl::StrCat(table.step));
    for (size_t row = 0; row < map.rows.size(); ++row)
      map.values[row].push_back(Colour(table, map.rows[row], recipe));
  }
  return map;
}

bool HasValue(const page::svg::HeatMap& map) {
  return std::ranges::any_of(map.values, [](const std::vector<double>& row) {
    return std::ranges::any_of(row, [](double value) { return std::isfinite(value); });
  });
}

void AddRun(const ScoreData& run, std::vector<Block>& blocks) {
  std::vector<page::svg::HeatMap> maps = {LayersByRecipes(run)};
  if (run.tables.size() > 1) {
    for (const std::string& recipe : maps[0].columns) maps.push_back(LayersOverSteps(run, recipe));
  }
  if (std::ranges::none_of(maps, HasValue)) return;
  std::vector<std::string> titles = {absl::StrCat("step ", run.tables.back().step)};
  if (maps.size() > 1) titles.insert(titles.end(), maps[0].columns.begin(), maps[0].columns.end());
  blocks.push_back(Heading{RunLabel(run.variant, run.seed)});
  blocks.push_back(HeatMapsOfOneScale(std::move(maps), titles));
}

}  // namespace

Section SensitivitySection(const Data& data) {
  Section section{.id = "sensitivity", .title = "Sensitivity", .blocks = {}, .in_markdown = false};
  for (const ScoreData& run : data.scores) AddRun(run, section.blocks);
  if (!section.blocks.empty()) {
    section.blocks.insert(
        section.blocks.begin(),
        Paragraph{"What the loss is predicted to change by if only that layer were computed under "
                  "the recipe: the logarithm to base 10 of its magnitude, by the newest scores of "
                  "one run of each variant that measured them, and over its steps."});
  }
  return section;
}

}  // namespace fp4::client::report
