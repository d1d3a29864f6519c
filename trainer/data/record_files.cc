#include "trainer/data/record_files.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "trainer/data/file_digests.h"
#include "trainer/data/file_patterns.h"
#include "trainer/data/image_files.h"
#include "trainer/data/record_stream.h"
#include "trainer/data/split.h"
#include "trainer/data/vector_files.h"

namespace fp4::trainer {
namespace {

// The files of `paths` or of `validation_paths`.
struct Side {
  std::vector<std::unique_ptr<DataFile>> files;
  std::vector<std::string> sha256s;
  RecordStream stream;
};

// Records first … first + count - 1 of a stream.
struct RecordRange {
  RecordStream stream;
  int64_t first = 0, count = 0;
};

struct RecordSizes {
  int64_t values = 0;       // of a record
  int64_t num_classes = 0;  // 0: it has none
};

RecordSizes SizesFor(const spec::DataSpec& data, const spec::ModelSpec& model) {
  if (data.source == spec::DataSource::kVectors)
    return {.values = model.autoencoder.layer_sizes.front()};
  const spec::ConvnetSpec& images = model.convnet;
  return {.values = images.image_channels * images.image_size * images.image_size,
          .num_classes = images.num_classes};
}

class RecordFiles : public RecordDataset {
 public:
  RecordFiles(Side training, Side validation, RecordRange ranges[2], RecordSizes sizes,
              std::string sha256, std::vector<std::string> warnings)
      : training_files_(std::move(training.files)),
        validation_files_(std::move(validation.files)),
        training_(std::move(ranges[0])),
        validation_(std::move(ranges[1])),
        sizes_(sizes),
        sha256_(std::move(sha256)),
        warnings_(std::move(warnings)) {}

  int64_t record_size() const override { return sizes_.values; }
  int64_t num_records(Part part) const override { return RangeOf(part).count; }

  int64_t CopyRecord(Part part, int64_t index, std::span<float> values) const override {
    const RecordRange& range = RangeOf(part);
    const absl::StatusOr<int64_t> label = range.stream.Copy(range.first + index, values);
    const bool is_known = label.ok() && (sizes_.num_classes == 0 || *label < sizes_.num_classes);
    if (is_known) return *label;
    std::ranges::fill(values, 0.0F);
    const MutexLock lock(mutex_);
    first_error_.Update(label.status());
    has_new_labels_ |= label.ok();
    return 0;
  }

  absl::Status CheckUnchanged() const override {
    const MutexLock lock(mutex_);
    FP4_RETURN_IF_ERROR(first_error_);
    for (const auto* files : {&training_files_, &validation_files_}) {
      for (const auto& file : *files) FP4_RETURN_IF_ERROR(file->CheckUnchanged());
    }
    if (!has_new_labels_) return absl::OkStatus();
    return absl::AbortedError("the data was changed: it has labels beyond model.num_classes now");
  }

  std::string sha256() const override { return sha256_; }
  std::vector<std::string> warnings() const override { return warnings_; }

 private:
  const RecordRange& RangeOf(Part part) const {
    return part == Part::kTraining ? training_ : validation_;
  }

  const std::vector<std::unique_ptr<DataFile>> training_files_, validation_files_;
  const RecordRange training_, validation_;  // of the files
  const RecordSizes sizes_;
  const std::string sha256_;
  const std::vector<std::string> warnings_;
  mutable Mutex mutex_;
  mutable absl::Status first_error_ ABSL_GUARDED_BY(mutex_);  // of reading
  mutable bool has_new_labels_ ABSL_GUARDED_BY(mutex_) = false;
};

absl::StatusOr<Side> OpenSide(const std::vector<std::string>& patterns, std::string_view field,
                              const spec::DataSpec& data, const spec::ModelSpec& model,
                              const StopCheck& stop) {
  Side side;
  if (patterns.empty()) return side;
  FP4_ASSIGN_OR_RETURN(const std::vector<std::string> paths, ExpandPatterns(patterns, field));
  for (const std::string& path : paths) {
    FP4_ASSIGN_OR_RETURN(side.files.emplace_back(), DataFile::Open(path));
  }
  FP4_ASSIGN_OR_RETURN(std::vector<RecordRun> runs,
                       data.source == spec::DataSource::kImages
                           ? FindImages(side.files, model.convnet, field, stop)
                           : FindVectors(side.files, model.autoencoder.layer_sizes.front(), stop));
  side.stream = RecordStream(std::move(runs));
  for (const auto& file : side.files) {
    FP4_ASSIGN_OR_RETURN(side.sha256s.emplace_back(), file->Sha256(stop));
  }
  return side;
}

absl::Status TooLittle(std::string_view part, const Side& side, int64_t needed) {
  return absl::InvalidArgumentError(
      absl::StrCat("data: the ", std::string(part), " data has ", side.stream.size(),
                   " records in ", side.files.size(), " files, but needs at least ", needed));
}

// Which records train and which validate.
absl::Status Split(const Side& training, const Side& validation, double fraction,
                   RecordRange ranges[2]) {
  const int64_t count = training.stream.size();
  if (!validation.files.empty()) {
    if (count == 0) return TooLittle("training", training, 1);
    if (validation.stream.size() == 0) return TooLittle("validation", validation, 1);
    ranges[0] = {training.stream, 0, count};
    ranges[1] = {validation.stream, 0, validation.stream.size()};
    return absl::OkStatus();
  }
  if (count < 2) return TooLittle("training and validation", training, 2);
  const int64_t num_validation = NumValidationWindows(count, fraction);
  ranges[0] = {training.stream, 0, count - num_validation};
  ranges[1] = {training.stream, count - num_validation, num_validation};
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordDataset>> OpenRecordFiles(const spec::DataSpec& data,
                                                               const spec::ModelSpec& model,
                                                               const DataOptions& options) {
  FP4_ASSIGN_OR_RETURN(Side training,
                       OpenSide(data.paths, "data.paths", data, model, options.stop));
  FP4_ASSIGN_OR_RETURN(Side validation, OpenSide(data.validation_paths, "data.validation_paths",
                                                 data, model, options.stop));
  RecordRange ranges[2];
  FP4_RETURN_IF_ERROR(Split(training, validation, data.validation_fraction, ranges));
  std::vector<std::string> sha256s = training.sha256s;
  std::ranges::copy(validation.sha256s, std::back_inserter(sha256s));
  std::vector<std::string> warnings;
  if (std::string shared = WarningOfSharedFiles(training.sha256s, validation.sha256s);
      !shared.empty())
    warnings.push_back(std::move(shared));
  return std::make_unique<RecordFiles>(std::move(training), std::move(validation), ranges,
                                       SizesFor(data, model), DigestOfFiles(sha256s),
                                       std::move(warnings));
}

}  // namespace fp4::trainer
