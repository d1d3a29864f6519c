// The convolutional classifier that runs train: stages of convolution, RMS norm over channels, ReLU
// and 2 x 2 mean pooling; then the mean over the plane and a linear classifier.
#pragma once

#include <memory>
#include <vector>

#include "trainer/model/convolution.h"
#include "trainer/model/model.h"
#include "trainer/model/norm.h"
#include "trainer/model/recompute.h"

namespace fp4::trainer {

// Batches: inputs (B, C, H, W) fp32, targets (B) classes. Losses are cross-entropies in nats.
class Convnet : public Model {
 public:
  explicit Convnet(const ModelParts& parts);

  LossSums ForwardBackward(const Batch& batch, double scale) override;
  LossSums Evaluate(const Batch& batch) override;
  at::Tensor SampleTargets(const Batch& batch, uint64_t key, uint64_t counter) override;
  bool follows_changes() const override { return true; }
  at::Tensor LogitsBehind(const std::string& layer, const at::Tensor& output) override;

 private:
  // (B, H, W, in) → (B, H/2, W/2, out), both fp32; what enters the GEMM is in the compute type.
  class Stage : public Recomputable {
   public:
    Stage(int64_t index, const ModelParts& parts);
    at::Tensor Compute(const at::Tensor& x) override;
    // (B, H, W, out) → (B, H/2, W/2, out) fp32: norm, ReLU, pooling.
    at::Tensor Behind(const at::Tensor& y) const;
    Linear& linear() { return convolution_.linear(); }

   private:
    const at::ScalarType compute_type_;
    Convolution convolution_;
    NormLayer norm_;
  };

  at::Tensor Hidden(const at::Tensor& images);  // (B, C, H, W) → (B, channels) in the compute type
  // The same from x (B, H, W, C) on, which enters that stage.
  at::Tensor HiddenFrom(size_t stage, at::Tensor x);

  const int64_t image_size_;
  const at::ScalarType compute_type_;
  const bool checkpointing_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::unique_ptr<Linear> classifier_;
};

}  // namespace fp4::trainer
