#include "base/status_macros.h"
#include "trainer/data/dataset.h"
#include "trainer/task/language.h"
#include "trainer/task/task.h"

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
    case spec::DataSource::kImages:
    case spec::DataSource::kVectors:
      break;
  }
  return absl::InternalError("there is no task for this data source yet");
}

}  // namespace fp4::trainer
