#pragma once

#include <vector>

#include "trainer/health/check.h"

namespace fp4::trainer {

// Finds layers of whose quantized weights too many jump to and fro between two numbers while their
// masters hardly move. A sample of each layer's elements is followed over kUpdates updates after
// each look: how far the masters moved, how far the quantized values did, and how often these
// turned back. An element oscillates when it turned back at least kTurns times and its quantized
// value went at least kRatio times as far as its master, the ratio of precision.de_oscillation.
// Layers whose weights are rounded at random are left out.
class OscillationCheck : public HealthCheck {
 public:
  static constexpr int kUpdates = 20;
  static constexpr int kTurns = 3;
  static constexpr double kRatio = 4;
  static constexpr double kBound = 0.1;    // of the elements that are followed
  static constexpr int64_t kSample = 512;  // elements of a layer, evenly spaced

  explicit OscillationCheck(const HealthParts& parts);

  void BeforeUpdate(const UpdateFacts& update) override { step_ = update.step; }
  std::vector<Finding> AfterQuantizing() override;
  std::vector<Finding> AfterLook(const Look& look) override;

 private:
  struct Piece {
    const QuantizedLayer* layer = nullptr;
    int64_t begin = 0, size = 0;  // in the tensors below
  };

  // The elements that are followed, one after another, as they are now.
  at::Tensor Sample(at::Tensor (*values)(const QuantizedLayer& layer)) const;
  void Follow();
  std::vector<Finding> Conclude() const;

  const Model& model_;
  int64_t step_ = 0;
  int updates_ = -1;  // that have been followed since the look; -1: nothing is followed
  std::vector<Piece> pieces_;
  at::Tensor previous_, previous_quantized_;  // (n) fp32
  at::Tensor distance_, quantized_distance_;  // (n) fp32
  at::Tensor direction_, turns_;  // (n) fp32: of the last jump, and how often it changed
};

}  // namespace fp4::trainer
