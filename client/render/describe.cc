#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/render/findings.h"
#include "client/render/layer_metrics.h"
#include "client/render/numbers.h"
#include "client/render/runs.h"
#include "client/render/search.h"

namespace fp4::client {
namespace {

void AppendField(std::string& text, const std::string& name, const std::string& value,
                 const Layout& layout) {
  if (value.empty()) return;
  constexpr int kIndent = 13;
  const std::string padding(kIndent - name.size(), ' ');
  const int width = layout.width == 0 ? 0 : std::max(1, layout.width - kIndent);
  absl::StrAppend(&text, Colored(name, Color::kBold, layout.color), padding,
                  Wrapped(PrintableLines(value, kIndent), width, kIndent), "\n");
}

std::string Ago(const google::protobuf::Timestamp& timestamp, absl::Time now) {
  const absl::Time time = ToTime(timestamp);
  return absl::StrCat(absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::LocalTimeZone()), " (",
                      FormatInterval(now - time), " ago)");
}

std::string StateText(const v1::Run& run) {
  std::string text = StateName(run.state());
  if (!run.reason().empty() && run.reason() != text)
    absl::StrAppend(&text, " (", run.reason(), ")");
  return text;
}

std::string RenderLatest(const v1::Run& run, const Layout& layout) {
  Table table({{.header = "METRIC", .min_width = 16}, {.header = "LATEST", .right = true}});
  for (const v1::Value& value : run.latest()) {
    if (!IsOfLayer(value.name()))
      table.AddRow({Printable(value.name()), FormatValue(value.value())});
  }
  return table.empty() ? "" : "\n" + table.Render(layout);
}

// The newest of those that exist: what a run goes on from.
std::string RenderCheckpoints(const v1::Run& run, const Layout& layout) {
  constexpr int kShown = 3;
  Table table({{.header = "CHECKPOINT", .right = true},
               {.header = "BYTES", .right = true, .drop_order = 2},
               {.header = "SHA256", .min_width = 8, .drop_order = 1},
               {.header = "STORED"},
               {.header = "PATH", .min_width = 20, .names = true}});
  const int num_older = std::max(0, run.checkpoints_size() - kShown);
  for (int i = run.checkpoints_size() - 1; i >= num_older; --i) {
    const v1::Checkpoint& checkpoint = run.checkpoints(i);
    table.AddRow({absl::StrCat(checkpoint.step()), absl::StrCat(checkpoint.bytes()),
                  checkpoint.sha256().substr(0, 16), checkpoint.stored() ? "yes" : "no",
                  Printable(checkpoint.path())});
  }
  if (table.empty()) return "";
  std::string text = "\n" + table.Render(layout);
  if (num_older > 0) {
    const std::string line =
        absl::StrCat("and ", num_older, " older: `fp4ctl checkpoints ls ", run.id(), "`");
    absl::StrAppend(&text, Wrapped(line, layout.width, 2), "\n");
  }
  return text;
}

}  // namespace

std::string RenderExperiment(const v1::Experiment& experiment, absl::Time now,
                             const Layout& layout) {
  std::string text;
  AppendField(text, "experiment", experiment.id(), layout);
  AppendField(text, "name", experiment.name(), layout);
  AppendField(text, "description", experiment.description(), layout);
  AppendField(text, "project", experiment.project(), layout);
  AppendField(text, "labels", absl::StrJoin(experiment.labels(), ", "), layout);
  AppendField(text, "document", experiment.document_name(), layout);
  AppendField(text, "overrides", absl::StrJoin(experiment.overrides(), "  "), layout);
  AppendField(text, "created by", experiment.created_by(), layout);
  AppendField(text, "created", Ago(experiment.create_time(), now), layout);
  AppendField(text, "finished",
              absl::StrCat(experiment.num_finished(), " of ", experiment.num_runs(), " runs"),
              layout);
  const std::vector<v1::Run> runs(experiment.runs().begin(), experiment.runs().end());
  absl::StrAppend(&text, "\n", RenderRuns(runs, {}, layout));
  if (experiment.has_search()) {
    absl::StrAppend(&text, "\n", RenderSearch(experiment.search(), layout));
  }
  std::string findings;
  for (const v1::Run& run : runs) {
    findings += RenderFindings(RunLabel(run.variant(), run.seed()),
                               {run.health().begin(), run.health().end()}, layout);
  }
  return findings.empty() ? text : absl::StrCat(text, "\n", findings);
}

std::string RenderRun(const v1::Run& run, absl::Time now, const Layout& layout) {
  std::string text;
  AppendField(text, "run", run.id(), layout);
  AppendField(text, "experiment",
              absl::StrCat(run.experiment_name(), " (", run.experiment_id(), ")"), layout);
  AppendField(text, "variant", run.variant(), layout);
  AppendField(text, "seed", absl::StrCat(run.seed()), layout);
  AppendField(text, "state", StateText(run), layout);
  AppendField(text, "message", run.message(), layout);
  AppendField(text, "needs", run.needs(), layout);
  AppendField(text, "step", absl::StrCat(run.step(), " of ", run.total_steps()), layout);
  AppendField(text, "attempt", absl::StrCat(run.attempt()), layout);
  AppendField(text, "worker", run.worker(), layout);
  AppendField(text, "created", Ago(run.create_time(), now), layout);
  if (run.has_start_time()) AppendField(text, "started", Ago(run.start_time(), now), layout);
  if (run.has_finish_time()) AppendField(text, "finished", Ago(run.finish_time(), now), layout);
  absl::StrAppend(&text, RenderLatest(run, layout), RenderLayerMetrics(run, layout),
                  RenderCheckpoints(run, layout));
  const std::string findings =
      RenderFindings("", {run.health().begin(), run.health().end()}, layout);
  return findings.empty() ? text : absl::StrCat(text, "\n", findings);
}

}  // namespace fp4::client
