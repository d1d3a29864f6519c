#pragma once

#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"
#include "trainer/data/dataset.h"

namespace fp4::trainer {

// OpenDataset for the sources `text` and `tokens`.
absl::StatusOr<std::unique_ptr<Dataset>> OpenFileDataset(const spec::DataSpec& data,
                                                         const spec::ModelSpec& model,
                                                         const std::filesystem::path& cache_folder);

}  // namespace fp4::trainer
