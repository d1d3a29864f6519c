#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/environment.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/export/format.h"
#include "client/export/mlflow_server.h"
#include "client/http/call.h"
#include "client/render/json.h"
#include "client/render/runs.h"
#include "client/render/text.h"
#include "client/target.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id, to, folder, url;
};

constexpr char kHelp[] = R"(
Writes the metrics of a run, or of each run of an experiment, into a folder, which is made, and runs.json, which says
what is where. A file appears whole or not at all, and replaces one of the same name.

  csv, jsonl    a file VARIANT-seedN-RUN for each run: a row for each step, a column for each metric; values read back to
                the last bit
  tensorboard   a folder VARIANT-seedN-RUN for each run with an event file; TensorBoard stores 32-bit floats
  mlflow        MLflow's file store, or with --url its server: metrics to the last bit, the document's fields as parameters

A server takes what --url sends as often as it is sent; MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and
MLFLOW_TRACKING_PASSWORD, go with it.

Examples:
  fp4ctl export k7x2 --to csv --dir results
  fp4ctl export b2c3 --to jsonl --dir .
  fp4ctl export k7x2 --to tensorboard --dir logs       then: tensorboard --logdir logs
  fp4ctl export k7x2 --to mlflow --dir mlruns          then: mlflow ui --backend-store-uri mlruns
  fp4ctl export k7x2 --to mlflow --url http://127.0.0.1:5000)";

std::vector<std::string> FormatNames() {
  std::vector<std::string> names;
  for (const ExportFormat& format : ExportFormats()) names.emplace_back(format.name);
  return names;
}

absl::Status MakeFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error && std::filesystem::is_directory(folder, error)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("--dir: ", Printable(folder.string()), ": ",
                   error ? error.message() : std::string("is not a folder")));
}

absl::Status WriteFiles(const std::vector<ExportFile>& files, const std::filesystem::path& folder) {
  for (const ExportFile& file : files) {
    const std::filesystem::path path = folder / file.path;
    FP4_RETURN_IF_ERROR(MakeFolder(path.parent_path()));
    if (!path.has_filename()) continue;
    // A store of hundreds of small files is not synced to the disk file by file.
    FP4_RETURN_IF_ERROR(files.size() > 1 ? ReplaceFile(path, file.content)
                                         : WriteFileDurably(path, file.content));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Experiment> ExperimentOf(const Target& target, Connection& connection) {
  if (!target.is_run) return target.experiment;
  return connection.GetExperiment(target.run.experiment_id());
}

absl::StatusOr<std::vector<ExportedRun>> ExportTarget(const Target& target,
                                                      const ExportFormat& format,
                                                      const std::filesystem::path& folder,
                                                      Connection& connection) {
  if (format.experiment_files != nullptr) {
    FP4_ASSIGN_OR_RETURN(const v1::Experiment experiment, ExperimentOf(target, connection));
    FP4_RETURN_IF_ERROR(WriteFiles(format.experiment_files(experiment, folder), folder));
  }
  std::vector<ExportedRun> exported;
  for (const v1::Run& run : target.runs()) {
    FP4_ASSIGN_OR_RETURN(const RunRecord record,
                         ReadRecord(run.id(), format.needs_times, connection));
    FP4_RETURN_IF_ERROR(WriteFiles(format.run_files(record, folder), folder));
    exported.push_back({.run = record.run, .file = format.place(record.run)});
  }
  return exported;
}

// The variables that MLflow's own programs read.
HttpCredentials MlflowCredentials() {
  return {.token = EnvironmentVariable("MLFLOW_TRACKING_TOKEN"),
          .username = EnvironmentVariable("MLFLOW_TRACKING_USERNAME"),
          .password = EnvironmentVariable("MLFLOW_TRACKING_PASSWORD")};
}

absl::StatusOr<std::vector<SentRun>> SendTarget(const Target& target, const std::string& url,
                                                Connection& connection) {
  FP4_ASSIGN_OR_RETURN(HttpCall call, ConnectHttp(url, MlflowCredentials()));
  MlflowServer server(std::move(call));
  FP4_ASSIGN_OR_RETURN(const v1::Experiment experiment, ExperimentOf(target, connection));
  FP4_ASSIGN_OR_RETURN(const std::string id, server.StoreExperiment(experiment));
  std::vector<SentRun> sent;
  for (const v1::Run& run : target.runs()) {
    FP4_ASSIGN_OR_RETURN(const RunRecord record,
                         ReadRecord(run.id(), /*with_times=*/true, connection));
    FP4_ASSIGN_OR_RETURN(const std::string run_id, server.StoreRun(id, record));
    sent.push_back({.run = record.run,
                    .url = absl::StrCat(absl::StripSuffix(url, "/"), "/#/experiments/", id,
                                        "/runs/", run_id)});
  }
  return sent;
}

absl::StatusOr<ExitCode> Send(const Options& options, const Target& target, Connection& connection,
                              Context& context) {
  const absl::StatusOr<std::vector<SentRun>> sent = SendTarget(target, options.url, connection);
  if (!sent.ok()) {
    return absl::Status(sent.status().code(), absl::StrCat("--url: ", sent.status().message()));
  }
  if (context.json) {
    context.out << SentRunsJson(*sent) << "\n";
    return ExitCode::kOk;
  }
  for (const SentRun& one : *sent) context.out << Printable(one.url) << "\n";
  return ExitCode::kOk;
}

absl::Status CheckPlace(const Options& options) {
  if (options.folder.empty() == options.url.empty()) {
    return absl::InvalidArgumentError(options.url.empty()
                                          ? "--dir FOLDER is required (or, for mlflow, --url URL)"
                                          : "--dir and --url: only one of them");
  }
  if (options.url.empty() || options.to == "mlflow") return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--url: only for --to mlflow, not for ", options.to));
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_RETURN_IF_ERROR(CheckPlace(options));
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const Target target, FindTarget(*connection, options.id));
  if (!options.url.empty()) return Send(options, target, *connection, context);
  const auto format = std::ranges::find(ExportFormats(), options.to, &ExportFormat::name);
  FP4_RETURN_IF_ERROR(MakeFolder(options.folder));
  const std::filesystem::path folder = std::filesystem::canonical(options.folder);
  FP4_ASSIGN_OR_RETURN(const std::vector<ExportedRun> exported,
                       ExportTarget(target, *format, folder, *connection));
  const std::string index = ExportedRunsJson(exported);
  FP4_RETURN_IF_ERROR(WriteFileDurably(folder / "runs.json", index + "\n"));
  if (context.json) {
    context.out << index << "\n";
    return ExitCode::kOk;
  }
  for (const ExportedRun& one : exported) {
    context.out << Printable((std::filesystem::path(options.folder) / one.file).string()) << "\n";
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
                       .value_name = "FOLDER"},
                      {.names = "--url",
                       .target = &options->url,
                       .help = "Send them to this server of MLflow instead",
                       .value_name = "URL"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
