// The kinds of files that `fp4ctl export` writes: one list, one file of code each. A new kind is a
// row in format.cc and a file that makes its text. Pure.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/export/record.h"

namespace fp4::client {

// `path` is relative to the export's folder; one that ends with "/" is a folder, made if absent.
struct ExportFile {
  std::string path, content;
};

struct ExportFormat {
  std::string_view name;  // of --to
  bool needs_times;       // reads RunRecord::times
  // Where a run's numbers lie: a file, or the folder that holds them. Relative.
  std::string (*place)(const v1::Run& run);
  // `folder` is where the files will lie, absolute.
  std::vector<ExportFile> (*run_files)(const RunRecord& record,
                                       const std::filesystem::path& folder);
  // What belongs to the experiment as a whole; null: nothing.
  std::vector<ExportFile> (*experiment_files)(const v1::Experiment& experiment,
                                              const std::filesystem::path& folder);
};

std::span<const ExportFormat> ExportFormats();

}  // namespace fp4::client
