// What each variant costs: fronts, speed, memory by part.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "base/statistics.h"
#include "client/render/fronts.h"
#include "client/render/numbers.h"
#include "client/render/runs.h"
#include "client/report/sections.h"
#include "page/svg/row_charts.h"
#include "page/svg/scatter_chart.h"

namespace fp4::client::report {
namespace {

struct Part {
  std::string_view metric, name;
};
constexpr Part kStateParts[] = {{metric::kMasterBytes, "weights of the optimizer"},
                                {metric::kGradientBytes, "gradients"},
                                {metric::kOptimizerBytes, "optimizer state"},
                                {metric::kQuantizedWeightBytes, "packed weights"},
                                {metric::kDecodedWeightBytes, "decoded weights"}};
constexpr Part kOtherParts[] = {{metric::kActivationBytes, "activations"},
                                {metric::kPeakBytes, "peak of all"}};

// Over the variant's runs; NaN: no run has it.
double MeanOfLatest(const Data& data, const std::string& variant, std::string_view metric) {
  std::vector<double> values;
  for (const RunData& run : data.runs) {
    if (run.run.variant() != variant) continue;
    if (const auto value = LatestValue(run.run, std::string(metric))) values.push_back(*value);
  }
  return Mean(values);
}

std::string BytesText(double bytes) {
  return std::isnan(bytes) ? "" : absl::StrCat(FormatCount(bytes), "B");
}

bool BeatsOthers(const v1::ParetoFront& front, const std::string& variant) {
  return std::ranges::find(front.variants(), variant) != front.variants().end();
}

Picture FrontPicture(const Data& data, const v1::ParetoFront& front, const FrontCost& cost) {
  page::svg::ScatterChart chart{
      .label = absl::StrCat(data.comparison.metric(), " against ", std::string(cost.words)),
      .x_title = std::string(cost.words),
      .y_title = data.comparison.metric(),
      .points = {}};
  for (const v1::VariantComparison& variant : data.comparison.variants()) {
    const auto is_listed = [&](const auto& names) {
      return std::ranges::find(names, variant.name()) != names.end();
    };
    if (!is_listed(front.variants()) && !is_listed(front.dominated())) continue;
    chart.points.push_back({.name = variant.name(),
                            .style = StyleOf(data, variant.name()),
                            .x = cost.value(variant),
                            .y = variant.mean(),
                            .on_front = BeatsOthers(front, variant.name())});
  }
  return {.title = absl::StrCat("Pareto front: ", std::string(cost.words)),
          .svg = DrawScatterChart(chart),
          .caption =
              "Filled: no other variant is better in both, means compared. Further down and "
              "to the left is better."};
}

void AddFronts(const Data& data, std::vector<Block>& blocks) {
  Pictures pictures;
  for (const v1::ParetoFront& front : data.comparison.fronts()) {
    const FrontCost* cost = FindFrontCost(front.cost());
    if (cost == nullptr) continue;
    blocks.push_back(Paragraph{FrontSentence(data.comparison, front, *cost)});
    Picture picture = FrontPicture(data, front, *cost);
    if (!picture.svg.empty()) pictures.pictures.push_back(std::move(picture));
  }
  if (!pictures.pictures.empty()) blocks.push_back(std::move(pictures));
}

Picture SpeedPicture(const Data& data) {
  page::svg::BarChart chart{
      .label = "tokens per second of each variant", .x_title = "tokens per second", .rows = {}};
  for (const v1::VariantComparison& variant : data.comparison.variants()) {
    if (!variant.has_tokens_per_second()) continue;
    std::string text = absl::StrCat(FormatCount(variant.tokens_per_second()), " tokens/s");
    if (variant.has_train_seconds()) {
      absl::StrAppend(&text, ", ", FormatInterval(absl::Seconds(variant.train_seconds())),
                      " of training");
    }
    chart.rows.push_back(
        {variant.name(),
         {{"tokens per second", StyleOf(data, variant.name()), variant.tokens_per_second()}},
         std::move(text)});
  }
  return {.title = "Speed",
          .svg = DrawBarChart(chart),
          .caption = "Median over each run, mean over runs, on the machines that they ran on."};
}

Picture MemoryPicture(const Data& data) {
  page::svg::BarChart chart{.label = "memory of weights, gradients and optimizer state by part",
                            .x_title = "bytes",
                            .rows = {}};
  Picture picture{.title = "Memory of the training state",
                  .svg = "",
                  .caption = "Measured in the trainers at their last evaluation; mean over runs."};
  for (const v1::VariantComparison& variant : data.comparison.variants()) {
    page::svg::BarRow row{variant.name(), {}, ""};
    double sum = 0;
    for (size_t i = 0; i < std::size(kStateParts); ++i) {
      const double value = MeanOfLatest(data, variant.name(), kStateParts[i].metric);
      row.parts.push_back({std::string(kStateParts[i].name), static_cast<int>(i), value});
      if (value > 0) sum += value;
    }
    row.text = BytesText(sum);
    if (sum > 0) chart.rows.push_back(std::move(row));
  }
  picture.svg = DrawBarChart(chart);
  for (size_t i = 0; i < std::size(kStateParts); ++i) {
    picture.legend.push_back({std::string(kStateParts[i].name), static_cast<int>(i)});
  }
  return picture;
}

Table MemoryTable(const Data& data) {
  Table table{.columns = {{"variant"}}, .rows = {}};
  std::vector<Part> parts(std::begin(kStateParts), std::end(kStateParts));
  parts.insert(parts.end(), std::begin(kOtherParts), std::end(kOtherParts));
  for (const Part& part : parts) table.columns.push_back({std::string(part.name), true, false});
  for (const v1::VariantComparison& variant : data.comparison.variants()) {
    std::vector<std::string> row = {variant.name()};
    bool any = false;
    for (const Part& part : parts) {
      row.push_back(BytesText(MeanOfLatest(data, variant.name(), part.metric)));
      any = any || !row.back().empty();
    }
    if (any) table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

Section CostsSection(const Data& data) {
  Section section{.id = "costs", .title = "Speed, memory, Pareto fronts"};
  AddFronts(data, section.blocks);
  Pictures pictures;
  for (Picture picture : {SpeedPicture(data), MemoryPicture(data)}) {
    if (!picture.svg.empty()) pictures.pictures.push_back(std::move(picture));
  }
  if (!pictures.pictures.empty()) section.blocks.push_back(std::move(pictures));
  if (Table table = MemoryTable(data); !table.rows.empty()) {
    section.blocks.push_back(Heading{"Memory, measured"});
    section.blocks.push_back(std::move(table));
  }
  return section;
}

}  // namespace fp4::client::report
