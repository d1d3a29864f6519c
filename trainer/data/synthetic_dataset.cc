#include "trainer/data/synthetic_dataset.h"

#include "absl/strings/str_cat.h"
#include "trainer/data/synthetic_language.h"

namespace fp4::trainer {
namespace {

constexpr int64_t kTrainingWindows = 1 << 20;
constexpr int64_t kValidationWindows = 256;

class SyntheticDataset : public Dataset {
 public:
  SyntheticDataset(uint64_t seed, int64_t sequence_length)
      : seed_(seed), sequence_length_(sequence_length), language_(MakeTables(seed)) {}

  int64_t sequence_length() const override { return sequence_length_; }

  int64_t num_windows(Part part) const override {
    return part == Part::kTraining ? kTrainingWindows : kValidationWindows;
  }

  void CopyWindow(Part part, int64_t index, std::span<int64_t> tokens) const override {
    // Stream 0 made the tables.
    const uint64_t stream = 1 + 2 * static_cast<uint64_t>(index) + (part == Part::kValidation);
    RandomStream random(seed_, stream);
    language_.Sample(random, tokens);
  }

  std::string sha256() const override { return language_.sha256(); }

  std::optional<double> entropy_rate() const override { return language_.EntropyRate(); }

  std::optional<double> TrueCrossEntropy(int64_t validation_window) const override {
    std::vector<int64_t> tokens(static_cast<size_t>(sequence_length_) + 1);
    CopyWindow(Part::kValidation, validation_window, tokens);
    return language_.CrossEntropy(tokens);
  }

 private:
  const uint64_t seed_;
  const int64_t sequence_length_;
  const SyntheticLanguage language_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> OpenSyntheticDataset(const spec::DataSpec& data,
                                                              const spec::ModelSpec& model) {
  if (model.vocab_size < kSyntheticVocabulary) {
    return absl::InvalidArgumentError(absl::StrCat("model.vocab_size: is ", model.vocab_size,
                                                   ", but synthetic data has ",
                                                   kSyntheticVocabulary, " tokens"));
  }
  if (data.window == spec::Window::kSliding) {
    return absl::InvalidArgumentError(
        "data.window: is 'sliding', but the windows of synthetic data are independent samples; "
        "allowed: disjoint");
  }
  return std::make_unique<SyntheticDataset>(data.seed, model.sequence_length);
}

}  // namespace fp4::trainer
