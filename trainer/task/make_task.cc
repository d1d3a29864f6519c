#include "base/status_macros.h"
#include "trainer/data/dataset.h"
#include "trainer/data/record_dataset.h"
#include "trainer/task/images.h"
#include "trainer/task/language.h"
#include "trainer/task/task.h"
#include "trainer/task/vectors.h"

namespace fp4::trainer {

absl::StatusOr<std::unique_ptr<Task>> MakeTask(const spec::RunSpec& run, const DataOptions& options,
                                               at::Device device) {
  switch (run.data.source) {
    case spec::DataSource::kSynthetic:
    case spec::DataSource::kText:
    case spec::DataSource::kTokens: {
      FP4_ASSIGN_OR_RETURN(std::unique_ptr<Dataset> dataset,
                           OpenDataset(run.data, run.model, options));
      return MakeLanguageTask(run, std::move(dataset), device);
    }
    case spec::DataSource::kImages: {
      FP4_ASSIGN_OR_RETURN(std::unique_ptr<RecordDataset> dataset,
                           OpenRecordDataset(run.data, run.model, options));
      return MakeImageTask(run, std::move(dataset), device);
    }
    case spec::DataSource::kVectors: {
      FP4_ASSIGN_OR_RETURN(std::unique_ptr<RecordDataset> dataset,
                           OpenRecordDataset(run.data, run.model, options));
      return MakeVectorTask(run, std::move(dataset), device);
    }
  }
  return absl::InternalError("no such data source");
}

}  // namespace fp4::trainer
