// MLflow's file store: a folder for each experiment and in it one for each run, with meta.yaml, and
// a file for each metric, parameter and tag (mlflow/store/tracking/file_store.py). The export's
// folder is the store: `mlflow ui --backend-store-uri DIR`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "client/export/format.h"

namespace fp4::client {

// EXPERIMENT/RUN, by their ids.
std::string MlflowRunFolder(const v1::Run& run);

// meta.yaml; metrics as lines "MILLISECONDS VALUE STEP", values in the shortest form that reads
// back to the same double; the fields of the resolved document as parameters; state, variant, seed
// and the like as tags; the whole document and what the trainer said of itself as artifacts.
std::vector<ExportFile> MlflowRunFiles(const RunRecord& record,
                                       const std::filesystem::path& folder);
std::vector<ExportFile> MlflowExperimentFiles(const v1::Experiment& experiment,
                                              const std::filesystem::path& folder);

}  // namespace fp4::client
