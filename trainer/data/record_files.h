#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "trainer/data/record_dataset.h"

namespace fp4::trainer {

// OpenRecordDataset for data.paths: files of images or of vectors, as the source says. The files
// stay open and are read record by record: nothing of their size is kept. Validation are the
// records of validation_paths or, without them, the last validation_fraction of the records,
// rounded to nearest, at least one. The errors are OpenDataset's.
absl::StatusOr<std::unique_ptr<RecordDataset>> OpenRecordFiles(const spec::DataSpec& data,
                                                               const spec::ModelSpec& model,
                                                               const DataOptions& options);

}  // namespace fp4::trainer
