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
#include "base/stop_check.h"
#include "spec/run_spec.h"

namespace fp4::trainer {

enum class Part { kTraining, kValidation };

// Opened data, whatever its records are: windows of text, images, vectors. Thread-safe.
class OpenedData {
 public:
  virtual ~OpenedData() = default;

  // At least 1 for either part.
  virtual int64_t num_records(Part part) const = 0;

  // Whether the records copied so far were those that `sha256` stands for. To be asked before
  // anything is made of them that lasts: an update, a value that is told. ABORTED: a file was
  // changed or cut off meanwhile, with its name; UNAVAILABLE: it cannot be read. It then stays so.
  virtual absl::Status CheckUnchanged() const { return absl::OkStatus(); }

  // What the data is, whatever its path: 64 hexadecimal digits. One file: the file's sha256 (as
  // sha256sum prints it); several (the files of `paths`, then of `validation_paths`, then a
  // tokenizer's model): the sha256 of their hexadecimal digests, one a line. Generated: of what
  // fixes it.
  virtual std::string sha256() const = 0;

  // What a user should know though it is no error, one sentence each ("2 files are in both paths
  // and validation_paths").
  virtual std::vector<std::string> warnings() const { return {}; }
};

// Text as windows of token ids. Thread-safe.
class Dataset : public OpenedData {
 public:
  // T.
  virtual int64_t sequence_length() const = 0;

  // At least 1 for either part.
  virtual int64_t num_windows(Part part) const = 0;
  int64_t num_records(Part part) const override { return num_windows(part); }

  // Writes the T + 1 tokens of window `index` in [0, num_windows(part)) to `tokens`, whose size is
  // T + 1. Every id is in [0, vocab_size). Where the data cannot be read any more, zeros are
  // written and CheckUnchanged says why.
  virtual void CopyWindow(Part part, int64_t index, std::span<int64_t> tokens) const = 0;

  // Known for synthetic data only, in nats per token: the uncertainty of the next token for one who
  // knows all of the past. Nothing can do better on average.
  virtual std::optional<double> entropy_rate() const { return std::nullopt; }

  // Known for synthetic data only, in nats: the mean over the T targets of a validation window of
  // the true model's -log p(target | the window's tokens before it). val/excess_loss = val/loss
  // minus the mean of this over the windows that val/loss was taken over.
  virtual std::optional<double> TrueCrossEntropy(int64_t validation_window) const;
};

// How data is opened.
struct DataOptions {
  // Keep tokenized files between runs; the first that can be used is. Made if absent; any number of
  // processes may share one.
  std::vector<std::filesystem::path> cache_folders;
  StopCheck stop = NeverStop;
};

// Opens what `data` describes. Errors name the file and what is wrong with it: NOT_FOUND (a pattern
// without a match, a missing file), INVALID_ARGUMENT (an id >= vocab_size with file, offset and id;
// too little data for one window or one document a side, with the numbers; a file that is not what
// it should be, or that may not be read) are the document's fault, UNAVAILABLE is the machine's;
// ABORTED: a file changed meanwhile; CANCELLED: options.stop asked for it.
absl::StatusOr<std::unique_ptr<Dataset>> OpenDataset(const spec::DataSpec& data,
                                                     const spec::ModelSpec& model,
                                                     const DataOptions& options);

// The smallest vocab_size that synthetic data fits in.
inline constexpr int64_t kSyntheticVocabulary = 64;

}  // namespace fp4::trainer
