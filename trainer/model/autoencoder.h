// The autoencoder that runs train: linear layers from vectors through a bottleneck to the same
// vectors, with the activation between them, but not after the first narrowest layer and the last.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "trainer/model/model.h"
#include "trainer/model/recompute.h"

namespace fp4::trainer {

// Batches: inputs and targets (B, width) fp32. Losses are squared errors, one target an element;
// nothing is counted as correct.
class Autoencoder : public Model {
 public:
  explicit Autoencoder(const ModelParts& parts);

  LossSums ForwardBackward(const Batch& batch, double scale) override;
  LossSums Evaluate(const Batch& batch) override;
  at::Tensor SampleTargets(const Batch& batch, uint64_t key, uint64_t counter) override;

 private:
  // A linear layer and what follows it; inputs and outputs are in the compute type.
  class Layer : public Recomputable {
   public:
    Layer(std::unique_ptr<Linear> linear, std::optional<spec::Activation> activation)
        : linear_(std::move(linear)), activation_(activation) {}
    at::Tensor Compute(const at::Tensor& x) override;
    Linear& linear() { return *linear_; }

   private:
    const std::unique_ptr<Linear> linear_;
    const std::optional<spec::Activation> activation_;
  };

  at::Tensor Output(const at::Tensor& vectors);

  const at::ScalarType compute_type_;
  const bool checkpointing_;
  std::vector<std::unique_ptr<Layer>> layers_;
};

}  // namespace fp4::trainer
