#include "trainer/data/dataset.h"

#include "absl/strings/str_cat.h"
#include "trainer/data/file_dataset.h"
#include "trainer/data/synthetic_dataset.h"

namespace fp4::trainer {

std::optional<double> Dataset::TrueCrossEntropy(int64_t) const { return std::nullopt; }

absl::StatusOr<std::unique_ptr<Dataset>> OpenDataset(const spec::DataSpec& data,
                                                     const spec::ModelSpec& model,
                                                     const DataOptions& options) {
  if (model.sequence_length < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("model.sequence_length: is ", model.sequence_length, ", must be at least 1"));
  }
  switch (data.source) {
    case spec::DataSource::kSynthetic:
      return OpenSyntheticDataset(data, model);
    case spec::DataSource::kText:
    case spec::DataSource::kTokens:
      return OpenFileDataset(data, model, options);
    case spec::DataSource::kImages:
    case spec::DataSource::kVectors:
      break;
  }
  return absl::InternalError("this source has no tokens");
}

}  // namespace fp4::trainer
