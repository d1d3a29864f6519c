#include <map>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/layout.h"
#include "client/metric_names.h"
#include "client/render/json.h"
#include "client/render/layer_metrics.h"
#include "client/render/numbers.h"
#include "client/render/runs.h"
#include "client/target.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id, name;
  int64_t max_points = 0;
};

constexpr char kHelp[] = R"(
Of a run: one value for each step, of the attempt that counts. Of an experiment: its runs side by side.

Examples:
  fp4ctl metrics b2c3                                    which metrics there are
  fp4ctl metrics b2c3 --name train/loss
  fp4ctl metrics b2c3 --name train/loss -o json | jq '.[-1].value'
  fp4ctl metrics k7x2 --name val/loss --max-points 20)";

absl::StatusOr<ExitCode> PrintNames(const Target& target, Connection& connection,
                                    Context& context) {
  FP4_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                       MetricNames(target.runs(), connection));
  if (context.json) {
    context.out << NamesJson(names) << "\n";
    return ExitCode::kOk;
  }
  if (names.empty()) context.err << "No metrics yet.\n";
  context.out << RenderMetricNames(names, LayoutOf(context));
  return ExitCode::kOk;
}

absl::StatusOr<RunSeries> Query(const v1::Run& run, const Options& options,
                                Connection& connection) {
  v1::QueryMetricsRequest request;
  request.set_run_id(run.id());
  request.add_names(options.name);
  request.set_max_points(static_cast<int32_t>(options.max_points));
  FP4_ASSIGN_OR_RETURN(v1::QueryMetricsResponse response, connection.QueryMetrics(request));
  RunSeries result{.run = run, .series = {}};
  if (response.series_size() > 0) result.series = response.series(0);
  return result;
}

// A row for each step, a column for each run.
std::string RenderSeries(const std::vector<RunSeries>& all, const Layout& layout) {
  std::vector<Column> columns = {{.header = "STEP", .right = true}};
  std::map<int64_t, std::vector<Cell>> rows;
  for (size_t i = 0; i < all.size(); ++i) {
    const v1::Run& run = all[i].run;
    columns.push_back(
        {.header = all.size() == 1 ? "VALUE" : RunLabel(run.variant(), run.seed()), .right = true});
    for (const v1::Point& point : all[i].series.points()) {
      auto& row = rows[point.step()];
      row.resize(all.size(), Cell(""));
      row[i] = FormatFixed(point.value(), 6);
    }
  }
  Table table(std::move(columns));
  for (auto& [step, values] : rows) {
    std::vector<Cell> cells = {absl::StrCat(step)};
    cells.insert(cells.end(), values.begin(), values.end());
    table.AddRow(std::move(cells));
  }
  return table.Render(layout);
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(Target target, FindTarget(*connection, options.id));
  if (options.name.empty()) return PrintNames(target, *connection, context);
  std::vector<RunSeries> all;
  bool any = false;
  for (const v1::Run& run : target.runs()) {
    FP4_ASSIGN_OR_RETURN(RunSeries one, Query(run, options, *connection));
    any = any || one.series.points_size() > 0;
    all.push_back(std::move(one));
  }
  if (!any) {
    FP4_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         MetricNames(target.runs(), *connection));
    FP4_RETURN_IF_ERROR(CheckMetricName(options.name, names));
    context.err << "No values of '" << options.name << "' yet.\n";
  }
  if (context.json) {
    context.out << (target.is_run ? PointsJson(all.front().series) : RunSeriesJson(all)) << "\n";
    return ExitCode::kOk;
  }
  context.out << RenderSeries(all, LayoutOf(context));
  return ExitCode::kOk;
}

}  // namespace

Verb MetricsVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "metrics",
          .summary = "Print the values of a metric",
          .help = kHelp,
          .options = {{.names = "ID",
                       .target = &options->id,
                       .help = "A run or an experiment",
                       .required = true},
                      {.names = "-n,--name",
                       .target = &options->name,
                       .help = "The metric; without it their names are listed"},
                      {.names = "--max-points",
                       .target = &options->max_points,
                       .help = "Reduce to so many points, minima and maxima kept; 0: all",
                       .range = {0, std::numeric_limits<int32_t>::max()}}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
