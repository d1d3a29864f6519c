// What a run trains on that is no text: images with their classes, and vectors. The document's
// `data`, the same on every machine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "trainer/data/dataset.h"

namespace fp4::trainer {

// Opened data of records of equal size. Thread-safe.
class RecordDataset : public OpenedData {
 public:
  // fp32 values of a record: channels x height x width of an image, in this order; the width of a
  // vector.
  virtual int64_t record_size() const = 0;

  // Writes the values of record `index` in [0, num_records(part)) to `values`, whose size is
  // record_size(), and returns its class, in [0, num_classes); of a vector 0. Pixels of files are
  // byte / 255. Where the data cannot be read any more, zeros are written and CheckUnchanged says
  // why.
  virtual int64_t CopyRecord(Part part, int64_t index, std::span<float> values) const = 0;

  // Known for generated vectors only: the mean squared error per element of the best linear map
  // through `width` values.
  virtual std::optional<double> BestLinearError(int64_t /*width*/) const { return std::nullopt; }
};

// Opens what `data` describes for a convnet or an autoencoder. Errors are OpenDataset's: they name
// the file, the place in it and what is wrong there.
absl::StatusOr<std::unique_ptr<RecordDataset>> OpenRecordDataset(const spec::DataSpec& data,
                                                                 const spec::ModelSpec& model,
                                                                 const DataOptions& options);

}  // namespace fp4::trainer
