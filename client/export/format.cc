#include "client/export/format.h"

#include "absl/strings/str_cat.h"
#include "client/export/mlflow.h"
#include "client/export/tensorboard.h"
#include "wire/tables.h"

namespace fp4::client {
namespace {

std::string CsvPlace(const v1::Run& run) { return ExportName(run) + ".csv"; }
std::string JsonLinesPlace(const v1::Run& run) { return ExportName(run) + ".jsonl"; }

std::vector<ExportFile> CsvFiles(const RunRecord& record, const std::filesystem::path&) {
  return {{CsvPlace(record.run), wire::MetricsCsv(record.series)}};
}
std::vector<ExportFile> JsonLinesFiles(const RunRecord& record, const std::filesystem::path&) {
  return {{JsonLinesPlace(record.run), wire::MetricsJsonLines(record.series)}};
}
std::vector<ExportFile> TensorBoardFiles(const RunRecord& record, const std::filesystem::path&) {
  return {{absl::StrCat(ExportName(record.run), "/", EventFileName(record)), EventFile(record)}};
}

constexpr ExportFormat kFormats[] = {
    {"csv", false, CsvPlace, CsvFiles, nullptr},
    {"jsonl", false, JsonLinesPlace, JsonLinesFiles, nullptr},
    {"tensorboard", true, ExportName, TensorBoardFiles, nullptr},
    {"mlflow", true, MlflowRunFolder, MlflowRunFiles, MlflowExperimentFiles}};

}  // namespace

std::span<const ExportFormat> ExportFormats() { return kFormats; }

}  // namespace fp4::client
