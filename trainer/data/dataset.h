// What a run trains on: the document's `data` as windows of token ids, the same on every machine.
//
// A window is T + 1 = sequence_length + 1 tokens: the first T are inputs, the last T their targets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "spec/run_spec.h"

namespace fp4::trainer {

enum class Part { kTraining, kValidation };

// Opened data. Immutable: every method may be called from any thread.
class Dataset {
 public:
  virtual ~Dataset() = default;

  // T.
  virtual int64_t sequence_length() const = 0;

  // At least 1 for either part.
  virtual int64_t num_windows(Part part) const = 0;

  // Writes the T + 1 tokens of window `index` in [0, num_windows(part)) to `tokens`, whose size is
  // T + 1. Every id is in [0, vocab_size).
  virtual void CopyWindow(Part part, int64_t index, std::span<int64_t> tokens) const = 0;

  // What the data is, whatever its path: 64 hexadecimal digits. One file: the file's sha256 (as
  // sha256sum prints it); several (the files of `paths`, then of `validation_paths`, then a
  // tokenizer's model): the sha256 of their hexadecimal digests, one a line. Synthetic: of the
  // language's tables.
  virtual std::string sha256() const = 0;

  // Known for synthetic data only, in nats per token: the uncertainty of the next token for one who
  // knows all of the past. Nothing can do better on average.
  virtual std::optional<double> entropy_rate() const { return std::nullopt; }

  // Known for synthetic data only, in nats: the mean over the T targets of a validation window of
  // the true model's -log p(target | the window's tokens before it). val/excess_loss = val/loss
  // minus the mean of this over the windows that val/loss was taken over.
  virtual std::optional<double> TrueCrossEntropy(int64_t validation_window) const;

  // What a user should know though it is no error, one sentence each ("2 files are in both paths
  // and validation_paths").
  virtual std::vector<std::string> warnings() const { return {}; }
};

// Opens what `data` describes. `cache_folder` (made if absent) keeps tokenized files between runs;
// any number of processes may share it. Errors name the file and what is wrong with it: NOT_FOUND
// (a pattern without a match, a missing file), INVALID_ARGUMENT (an id >= vocab_size with file,
// offset and id; too little data for one window or one document a side, with the numbers; a file
// that is not what it should be), and those of the system.
absl::StatusOr<std::unique_ptr<Dataset>> OpenDataset(const spec::DataSpec& data,
                                                     const spec::ModelSpec& model,
                                                     const std::filesystem::path& cache_folder);

// The smallest vocab_size that synthetic data fits in.
inline constexpr int64_t kSyntheticVocabulary = 64;

}  // namespace fp4::trainer
