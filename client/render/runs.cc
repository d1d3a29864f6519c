#include "client/render/runs.h"

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "client/render/numbers.h"
#include "client/render/waiting.h"

namespace fp4::client {
namespace {

std::string Steps(const v1::Run& run) {
  if (run.total_steps() == 0) return run.step() == 0 ? "" : absl::StrCat(run.step());
  return absl::StrCat(run.step(), "/", run.total_steps());
}

std::string Metric(const v1::Run& run, std::string_view name) {
  auto value = LatestValue(run, std::string(name));
  return value.has_value() ? FormatFixed(*value, 4) : "";
}

std::string Speed(const v1::Run& run) {
  auto value = LatestValue(run, std::string(metric::kTokensPerSecond));
  return value.has_value() ? FormatCount(*value) : "";
}

// Why a run is as it is, as far as its state does not say it.
std::string Note(const v1::Run& run) {
  std::string note = run.state() == v1::RUN_STATE_COMPLETED ? "" : run.reason();
  if (note == StateName(run.state())) note.clear();
  if (run.attempt() > 1)
    absl::StrAppend(&note, note.empty() ? "" : ", ", "attempt ", run.attempt());
  if (run.health_size() > 0) {
    absl::StrAppend(&note, note.empty() ? "" : ", ", run.health_size(),
                    run.health_size() == 1 ? " finding" : " findings");
  }
  return note;
}

}  // namespace

Color StateColor(v1::RunState state) {
  if (state == v1::RUN_STATE_COMPLETED) return Color::kGreen;
  if (state == v1::RUN_STATE_FAILED) return Color::kRed;
  if (state == v1::RUN_STATE_RUNNING) return Color::kCyan;
  if (state == v1::RUN_STATE_CANCELLED || state == v1::RUN_STATE_CANCELLING) return Color::kYellow;
  return Color::kDim;
}

bool IsFinished(v1::RunState state) {
  return state == v1::RUN_STATE_COMPLETED || state == v1::RUN_STATE_FAILED ||
         state == v1::RUN_STATE_CANCELLED;
}

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

std::optional<double> LatestValue(const v1::Run& run, const std::string& metric) {
  for (const v1::Value& value : run.latest()) {
    if (value.name() == metric) return value.value();
  }
  return std::nullopt;
}

std::string RunLabel(const std::string& variant, int64_t seed) {
  return absl::StrCat(variant, " seed ", seed);
}

std::string RenderRuns(const std::vector<v1::Run>& runs, const RunTableOptions& options,
                       const Layout& layout) {
  Table table({{.header = "RUN"},
               {.header = "EXPERIMENT", .min_width = 8, .drop_order = 5, .names = true},
               {.header = "VARIANT", .min_width = 10, .names = true},
               {.header = "SEED", .right = true, .drop_order = 1},
               {.header = "STATE"},
               {.header = "STEP", .right = true, .drop_order = 2},
               {.header = "LOSS", .right = true, .drop_order = 4},
               {.header = "VAL LOSS", .right = true, .drop_order = 3},
               {.header = "TOK/S", .right = true, .drop_order = 6},
               {.header = "NOTE", .min_width = 10, .drop_order = 7}});
  for (const v1::Run& run : runs) {
    table.AddRow({run.id(), options.with_experiment ? Printable(run.experiment_name()) : "",
                  Printable(run.variant()), absl::StrCat(run.seed()),
                  Cell(StateName(run.state()), StateColor(run.state())), Steps(run),
                  Metric(run, metric::kTrainLoss), Metric(run, metric::kValLoss), Speed(run),
                  Cell(Note(run), Color::kYellow)});
  }
  std::string text = table.Render(layout);
  for (const std::string& line : WaitingLines(runs)) {
    absl::StrAppend(&text, Wrapped(line, layout.width, 2), "\n");
  }
  return text;
}

std::string RenderExperiments(const std::vector<v1::Experiment>& experiments, absl::Time now,
                              const Layout& layout) {
  Table table({{.header = "EXPERIMENT"},
               {.header = "NAME", .min_width = 12, .names = true},
               {.header = "PROJECT", .min_width = 8, .drop_order = 2},
               {.header = "FINISHED", .right = true},
               {.header = "BY", .min_width = 6, .drop_order = 3},
               {.header = "AGE", .right = true, .drop_order = 1}});
  for (const v1::Experiment& experiment : experiments) {
    const bool done = experiment.num_finished() == experiment.num_runs();
    table.AddRow({experiment.id(), Printable(experiment.name()), Printable(experiment.project()),
                  Cell(absl::StrCat(experiment.num_finished(), "/", experiment.num_runs()),
                       done ? Color::kGreen : Color::kCyan),
                  Printable(experiment.created_by()),
                  FormatInterval(now - ToTime(experiment.create_time()))});
  }
  return table.Render(layout);
}

}  // namespace fp4::client
