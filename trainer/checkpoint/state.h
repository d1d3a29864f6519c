// What a run is at a step, as tensors: the masters under their own names, and beside them what each
// part of the run that has a state of its own adds under names that begin with its word
// ("optimizer.exp_avg.<parameter>"). Nothing else: no time, no host, no path, no attempt, so that a
// resumed run and one that was never stopped write equal bytes.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "safetensors/safetensors.h"
#include "trainer/model/parameters.h"

namespace fp4::trainer {

// Tensors on their way into a file.
struct StateSnapshot {
  std::vector<safetensors::TensorView> tensors;  // views of `storage`
  std::map<std::string, std::string> metadata;   // {"step"}
  std::vector<at::Tensor> storage;               // on the CPU

  // Keeps the values that `tensor` has now; its type is one that a file knows.
  void Add(std::string name, const at::Tensor& tensor);
  // A count, as a tensor without dimensions.
  void AddCount(std::string name, int64_t count);
};

// A checkpoint's file while a run takes its state from it.
class StateReader {
 public:
  explicit StateReader(const safetensors::File& file) : file_(file) {}

  bool Has(std::string_view name) const { return file_.Find(name) != nullptr; }

  // A CPU tensor of its own. DATA_LOSS: it is not there, or has another shape or type.
  absl::StatusOr<at::Tensor> Read(const std::string& name, at::IntArrayRef shape,
                                  at::ScalarType type) const;
  // As Read, to where `like` lies and in its shape and type.
  absl::StatusOr<at::Tensor> ReadLike(const std::string& name, const at::Tensor& like) const;
  absl::StatusOr<int64_t> ReadCount(const std::string& name) const;

 private:
  const safetensors::File& file_;
};

// A part of a run whose state belongs into checkpoints. Restore follows construction at once and
// gives the part the state that Save wrote; a tensor's absence means what it meant to Save.
class Stateful {
 public:
  virtual ~Stateful() = default;
  virtual void Save(StateSnapshot& snapshot) const = 0;
  // DATA_LOSS names the tensor that is missing or does not fit.
  virtual absl::Status Restore(const StateReader& reader) = 0;
};

// Whether a checkpoint's tensor of this name belongs to a Stateful part, not to the model.
bool IsStateName(std::string_view name);

StateSnapshot TakeState(int64_t step, const ParameterSet& parameters,
                        std::span<Stateful* const> parts);

// DATA_LOSS: the file is not a state of this model, with the tensor.
absl::Status RestoreState(const std::string& file, const ParameterSet& parameters,
                          std::span<Stateful* const> parts);

// The state of the parts alone, for a model whose parameters have been read. DATA_LOSS as above.
absl::Status RestoreParts(const std::string& file, std::span<Stateful* const> parts);

}  // namespace fp4::trainer
