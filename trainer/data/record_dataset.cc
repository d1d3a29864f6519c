#include "trainer/data/record_dataset.h"

#include "trainer/data/generated_images.h"
#include "trainer/data/generated_vectors.h"
#include "trainer/data/record_files.h"

namespace fp4::trainer {

absl::StatusOr<std::unique_ptr<RecordDataset>> OpenRecordDataset(const spec::DataSpec& data,
                                                                 const spec::ModelSpec& model,
                                                                 const DataOptions& options) {
  if (!data.paths.empty()) return OpenRecordFiles(data, model, options);
  if (data.source == spec::DataSource::kImages)
    return std::make_unique<GeneratedImages>(data, model.convnet);
  return std::make_unique<GeneratedVectors>(data, model.autoencoder.layer_sizes.front());
}

}  // namespace fp4::trainer
