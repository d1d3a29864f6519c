#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "trainer/data/dataset.h"

namespace fp4::trainer {

// OpenDataset for the sources `text` and `tokens`; the errors are OpenDataset's.
absl::StatusOr<std::unique_ptr<Dataset>> OpenFileDataset(const spec::DataSpec& data,
                                                         const spec::ModelSpec& model,
                                                         const DataOptions& options);

}  // namespace fp4::trainer
