#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "trainer/data/dataset.h"

namespace fp4::trainer {

// OpenDataset for the source `synthetic`: 1,048,576 training and 256 validation windows, each an
// independent piece of the language of data.seed, made when asked for.
// INVALID_ARGUMENT: vocab_size < kSyntheticVocabulary; sliding windows (there is no text to slide
// over).
absl::StatusOr<std::unique_ptr<Dataset>> OpenSyntheticDataset(const spec::DataSpec& data,
                                                              const spec::ModelSpec& model);

}  // namespace fp4::trainer
