#include "trainer/health/oscillation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/health_codes.h"
#include "trainer/health/operand_check.h"

namespace fp4::trainer {
namespace {

at::Tensor Master(const QuantizedLayer& layer) { return layer.master(); }
at::Tensor Weight(const QuantizedLayer& layer) { return layer.weight(); }

}  // namespace

OscillationCheck::OscillationCheck(const HealthParts& parts) : model_(parts.model) {}

at::Tensor OscillationCheck::Sample(at::Tensor (*values)(const QuantizedLayer& layer)) const {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> samples;
  for (const Piece& piece : pieces_) {
    const at::Tensor all = values(*piece.layer).detach().view({-1});
    const int64_t stride = all.numel() / piece.size;
    // A copy: a weight that is kept packed was decoded for this.
    samples.push_back(all.as_strided({piece.size}, {stride}).clone());
  }
  return at::cat(samples).to(at::kFloat);
}

// Begins to follow the layers whose weights are quantized, all to the same number.
std::vector<Finding> OscillationCheck::AfterLook(const Look& /*look*/) {
  if (updates_ >= 0) return {};
  pieces_.clear();
  int64_t size = 0;
  for (const QuantizedLayer* layer : model_.layers()) {
    if (!layer->weight_quantized() || layer->weight_stochastic()) continue;
    if (!layer->weight().is_contiguous() || !layer->master().is_contiguous()) continue;
    pieces_.push_back({layer, size, std::min(kSample, layer->master().numel())});
    size += pieces_.back().size;
  }
  if (pieces_.empty()) return {};
  previous_ = Sample(Master);
  previous_quantized_ = Sample(Weight);
  distance_ = at::zeros_like(previous_);
  quantized_distance_ = at::zeros_like(previous_);
  direction_ = at::zeros_like(previous_);
  turns_ = at::zeros_like(previous_);
  updates_ = 0;
  return {};
}

std::vector<Finding> OscillationCheck::AfterQuantizing() {
  if (updates_ < 0) return {};
  // A switch of precision is no oscillation: what changed is not followed any further.
  if (std::ranges::any_of(pieces_, [](const Piece& piece) {
        return !piece.layer->weight_quantized() || piece.layer->weight_stochastic();
      })) {
    updates_ = -1;
    return {};
  }
  Follow();
  if (++updates_ < kUpdates) return {};
  updates_ = -1;
  return Conclude();
}

void OscillationCheck::Follow() {
  const at::Tensor master = Sample(Master);
  const at::Tensor quantized = Sample(Weight);
  const at::Tensor moved = (master - previous_).abs_();
  const at::Tensor jump = quantized - previous_quantized_;
  distance_.add_(moved);
  quantized_distance_.add_(jump.abs());
  // A change of the scale moves all numbers of a block a little: it is no jump.
  const at::Tensor sign = jump.sign().mul_(jump.abs().gt(moved * kRatio));
  turns_.add_((sign * direction_).lt(0));
  direction_ = at::where(sign.ne(0), sign, direction_);
  previous_ = master;
  previous_quantized_ = quantized;
}

std::vector<Finding> OscillationCheck::Conclude() const {
  std::vector<Finding> findings;
  const at::Tensor oscillates = distance_.gt(0)
                                    .logical_and_(quantized_distance_.ge(distance_ * kRatio))
                                    .logical_and_(turns_.ge(kTurns))
                                    .to(at::kCPU);
  for (const Piece& piece : pieces_) {
    const double share =
        oscillates.narrow(0, piece.begin, piece.size).to(at::kDouble).mean().item<double>();
    const std::optional<std::string> wrong = JudgeShare(
        share, kBound, "a sample of the weights jump to and fro between two numbers of the format");
    if (!wrong) continue;
    const std::string& layer = piece.layer->name();
    findings.push_back({health_code::kOscillation, layer,
                        absl::StrCat("over ", kUpdates, " updates up to step ", step_, ", in ",
                                     layer, ": ", *wrong,
                                     "; precision.de_oscillation, a smaller learning rate or more "
                                     "bits at the end of training would still them")});
  }
  return findings;
}

}  // namespace fp4::trainer
