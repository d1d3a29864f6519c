// Built-in images of classes that can be learned, and not at once.
//
// A class is a smooth random pattern: numbers on a grid of kCells x kCells cells that closes upon
// itself, interpolated linearly. An image shows its class's pattern moved by up to a quarter of the
// image and at a contrast of its own, over another smooth pattern, new in each image, and noise:
//
//   0.5 + 0.2 (contrast * pattern(moved) + clutter) + noise * eps
//
// The clutter has the spectrum of the patterns, so no filter takes it away.
#pragma once

#include <span>
#include <string>

#include "trainer/data/random_stream.h"
#include "trainer/data/record_dataset.h"

namespace fp4::trainer {

// 1,048,576 training and 4,096 validation images, each an independent sample, made when asked for:
// nothing of the size of the data is kept. data.seed alone fixes all. Immutable, thread-safe.
class GeneratedImages : public RecordDataset {
 public:
  GeneratedImages(const spec::DataSpec& data, const spec::ConvnetSpec& images);

  int64_t record_size() const override;
  int64_t num_records(Part part) const override;
  int64_t CopyRecord(Part part, int64_t index, std::span<float> values) const override;
  std::string sha256() const override;

 private:
  const uint64_t seed_;
  const double noise_;
  const int64_t size_, channels_, num_classes_;
};

}  // namespace fp4::trainer
