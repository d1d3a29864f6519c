#include "trainer/data/generated_images.h"

#include <array>

#include "absl/strings/str_format.h"
#include "base/sha256.h"

namespace fp4::trainer {
namespace {

constexpr int64_t kTrainingImages = 1 << 20;
constexpr int64_t kValidationImages = 4096;
constexpr int64_t kCells = 4;
// Streams of random numbers: those of samples are small.
constexpr uint64_t kPatterns = uint64_t{1} << 63;

// One channel of a smooth pattern, over a square of kCells x kCells that closes upon itself.
class Pattern {
 public:
  explicit Pattern(RandomStream& random) {
    for (auto& row : grid_) {
      for (double& value : row) value = random.NearlyNormal();
    }
  }

  // `y`, `x` >= 0.
  double At(double y, double x) const {
    const auto row = static_cast<int64_t>(y), column = static_cast<int64_t>(x);
    const double down = y - static_cast<double>(row), right = x - static_cast<double>(column);
    const auto& above = grid_[row % kCells];
    const auto& below = grid_[(row + 1) % kCells];
    const int64_t left = column % kCells, next = (column + 1) % kCells;
    return (1 - down) * ((1 - right) * above[left] + right * above[next]) +
           down * ((1 - right) * below[left] + right * below[next]);
  }

 private:
  std::array<std::array<double, kCells>, kCells> grid_;
};

}  // namespace

GeneratedImages::GeneratedImages(const spec::DataSpec& data, const spec::ConvnetSpec& images)
    : seed_(data.seed),
      noise_(data.noise),
      size_(images.image_size),
      channels_(images.image_channels),
      num_classes_(images.num_classes) {}

int64_t GeneratedImages::record_size() const { return channels_ * size_ * size_; }

int64_t GeneratedImages::num_records(Part part) const {
  return part == Part::kTraining ? kTrainingImages : kValidationImages;
}

int64_t GeneratedImages::CopyRecord(Part part, int64_t index, std::span<float> values) const {
  RandomStream random(seed_, 2 * static_cast<uint64_t>(index) + (part == Part::kValidation));
  const auto label = static_cast<int64_t>(random.Below(static_cast<uint64_t>(num_classes_)));
  // In shares of the image: up to a quarter.
  const double down = static_cast<double>(random.Below(65)) / 256;
  const double right = static_cast<double>(random.Below(65)) / 256;
  const double contrast = 0.75 + static_cast<double>(random.Below(129)) / 256;
  RandomStream of_class(seed_, kPatterns + static_cast<uint64_t>(label));
  float* pixel = values.data();
  for (int64_t channel = 0; channel < channels_; ++channel) {
    const Pattern pattern(of_class), clutter(random);
    for (int64_t y = 0; y < size_; ++y) {
      const double v = static_cast<double>(y) / static_cast<double>(size_);
      for (int64_t x = 0; x < size_; ++x) {
        const double u = static_cast<double>(x) / static_cast<double>(size_);
        const double signal = contrast * pattern.At((v + down) * kCells, (u + right) * kCells) +
                              clutter.At(v * kCells, u * kCells);
        *pixel++ = static_cast<float>(0.5 + 0.2 * signal + noise_ * random.NearlyNormal());
      }
    }
  }
  return label;
}

std::string GeneratedImages::sha256() const {
  return Sha256Hex(absl::StrFormat("fp4lab images 1\n%d %d %d %d %.17g\n", seed_, channels_, size_,
                                   num_classes_, noise_));
}

}  // namespace fp4::trainer
