#include "trainer/data/generated_vectors.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_format.h"
#include "base/sha256.h"
#include "trainer/data/random_stream.h"

namespace fp4::trainer {
namespace {

constexpr int64_t kTrainingVectors = 1 << 20;
constexpr int64_t kValidationVectors = 4096;
constexpr double kDecay = 1.5;
// The stream of random numbers that V is drawn from: those of samples are small.
constexpr uint64_t kDirections = uint64_t{1} << 63;

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// Takes out of `column` what it has of the others, and makes it one long. Twice: once leaves too
// much of what rounding brought in (Giraud & Langou, 2005).
void Orthonormalize(const std::vector<std::vector<double>>& others, std::vector<double>& column) {
  for (int pass = 0; pass < 2; ++pass) {
    for (const std::vector<double>& other : others) {
      const double share = Dot(other, column);
      for (size_t i = 0; i < column.size(); ++i) column[i] -= share * other[i];
    }
    const double length = std::sqrt(Dot(column, column));
    for (double& value : column) value /= length;
  }
}

// Of the j-th direction: 1.5^-j, by division, which is the same on every machine.
double Spread(int64_t j) {
  double spread = 1;
  for (int64_t i = 0; i < j; ++i) spread /= kDecay;
  return spread;
}

}  // namespace

GeneratedVectors::GeneratedVectors(const spec::DataSpec& data, int64_t width)
    : seed_(data.seed), noise_(data.noise), width_(width) {
  RandomStream random(seed_, kDirections);
  for (int64_t j = 0; j < data.intrinsic_dim; ++j) {
    std::vector<double> column(static_cast<size_t>(width));
    for (double& value : column) value = random.NearlyNormal();
    Orthonormalize(directions_, column);
    directions_.push_back(std::move(column));
  }
  for (size_t j = 0; j < directions_.size(); ++j) {
    for (double& value : directions_[j]) value *= Spread(static_cast<int64_t>(j));
  }
}

int64_t GeneratedVectors::num_records(Part part) const {
  return part == Part::kTraining ? kTrainingVectors : kValidationVectors;
}

int64_t GeneratedVectors::CopyRecord(Part part, int64_t index, std::span<float> values) const {
  RandomStream random(seed_, 2 * static_cast<uint64_t>(index) + (part == Part::kValidation));
  std::vector<double> sum(values.size(), 0.0);
  for (const std::vector<double>& direction : directions_) {
    const double z = random.NearlyNormal();
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += z * direction[i];
  }
  for (size_t i = 0; i < sum.size(); ++i)
    values[i] = static_cast<float>(sum[i] + noise_ * random.NearlyNormal());
  return 0;
}

std::optional<double> GeneratedVectors::BestLinearError(int64_t width) const {
  double lost = static_cast<double>(width_ - std::min(width, width_)) * noise_ * noise_;
  for (int64_t j = width; j < static_cast<int64_t>(directions_.size()); ++j)
    lost += Spread(j) * Spread(j);
  return lost / static_cast<double>(width_);
}

std::string GeneratedVectors::sha256() const {
  return Sha256Hex(absl::StrFormat("fp4lab vectors 1\n%d %d %d %.17g\n", seed_, width_,
                                   directions_.size(), noise_));
}

}  // namespace fp4::trainer
