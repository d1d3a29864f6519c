#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/export/tables.h"
#include "client/render/json.h"
#include "client/render/runs.h"
#include "client/render/text.h"
#include "client/target.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id, to, folder;
};

constexpr char kHelp[] = R"(
Writes the metrics of a run, or of each run of an experiment, into a folder, which is made: a file VARIANT-seedN-RUN.csv
or .jsonl for each run, with a row for each step and a column for each metric, and runs.json, which says what each file
holds. Values are written so that they read back to the last bit. A file appears whole or not at all, and replaces one of
the same name.

Examples:
  fp4ctl export k7x2 --to csv --dir results
  fp4ctl export b2c3 --to jsonl --dir .)";

struct Format {
  const char* name;  // of --to, and the ending of the files
  std::string (*text)(const std::vector<v1::Series>&);
};
constexpr Format kFormats[] = {{"csv", MetricsCsv}, {"jsonl", MetricsJsonLines}};

std::vector<std::string> FormatNames() {
  std::vector<std::string> names;
  for (const Format& format : kFormats) names.emplace_back(format.name);
  return names;
}

// All of a run's series, sorted by name.
absl::StatusOr<std::vector<v1::Series>> AllSeries(const v1::Run& run, Connection& connection) {
  v1::QueryMetricsRequest request;
  request.set_run_id(run.id());
  FP4_ASSIGN_OR_RETURN(const v1::QueryMetricsResponse names, connection.QueryMetrics(request));
  if (names.series_size() == 0) return std::vector<v1::Series>();
  for (const v1::Series& series : names.series()) request.add_names(series.name());
  FP4_ASSIGN_OR_RETURN(const v1::QueryMetricsResponse response, connection.QueryMetrics(request));
  return std::vector<v1::Series>(response.series().begin(), response.series().end());
}

absl::Status MakeFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error && std::filesystem::is_directory(folder, error)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("--dir: ", Printable(folder.string()), ": ",
                   error ? error.message() : std::string("is not a folder")));
}

absl::StatusOr<ExportedRun> ExportRun(const v1::Run& run, const Format& format,
                                      const std::filesystem::path& folder, Connection& connection) {
  FP4_ASSIGN_OR_RETURN(const std::vector<v1::Series> series, AllSeries(run, connection));
  ExportedRun exported{
      .run = run,
      .file = absl::StrCat(run.variant(), "-seed", run.seed(), "-", run.id(), ".", format.name)};
  FP4_RETURN_IF_ERROR(WriteFileDurably(folder / exported.file, format.text(series)));
  return exported;
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const Target target, FindTarget(*connection, options.id));
  const std::filesystem::path folder = options.folder;
  FP4_RETURN_IF_ERROR(MakeFolder(folder));
  const auto format =
      std::ranges::find_if(kFormats, [&](const Format& one) { return options.to == one.name; });
  std::vector<ExportedRun> exported;
  for (const v1::Run& run : target.runs()) {
    FP4_ASSIGN_OR_RETURN(exported.emplace_back(), ExportRun(run, *format, folder, *connection));
  }
  const std::string index = ExportedRunsJson(exported);
  FP4_RETURN_IF_ERROR(WriteFileDurably(folder / "runs.json", index + "\n"));
  if (context.json) {
    context.out << index << "\n";
    return ExitCode::kOk;
  }
  for (const ExportedRun& one : exported) {
    context.out << Printable((folder / one.file).string()) << "\n";
  }
  return ExitCode::kOk;
}

}  // namespace

Verb ExportVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "export",
          .summary = "Write metrics into files",
          .help = kHelp,
          .options = {{.names = "ID",
                       .target = &options->id,
                       .help = "An experiment or a run",
                       .required = true},
                      {.names = "--to",
                       .target = &options->to,
                       .help = "Kind of the files",
                       .required = true,
                       .choices = FormatNames()},
                      {.names = "--dir",
                       .target = &options->folder,
                       .help = "Where they are written",
                       .required = true,
                       .value_name = "FOLDER"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
