#include "spec/transformer_activations.h"

#include <algorithm>

#include "spec/budget/training_memory.h"
#include "spec/gemm_shapes.h"

namespace fp4::spec {
namespace {

constexpr int64_t kFp32 = 4;

// As the head works (trainer/model/head_loss.cc): pieces of rows.
constexpr int64_t kPieceElements = int64_t{1} << 24;
constexpr int64_t kPieceRows = 256;

// Sizes of one micro-batch; bytes.
class Counter {
 public:
  explicit Counter(const RunSpec& run)
      : run_(run),
        model_(run.model),
        value_(BytesOf(run.training.compute_dtype)),
        rows_(run.training.micro_batch_size * run.model.sequence_length) {}

  int64_t Peak() const {
    const int64_t stream = rows_ * model_.d_model * kFp32;
    int64_t kept = stream + Norm() + rows_ * model_.d_model * value_;  // of the last norm
    int64_t backward = BlockBackward();
    if (run_.training.activation_checkpointing) {
      kept += model_.num_layers * stream;
      backward += Block();
    } else {
      kept += model_.num_layers * (Block() + stream);
    }
    return kept + std::max(Head(), backward);
  }

 private:
  // What a norm keeps beside its input, and beside its output, which the layer after it keeps.
  int64_t Norm() const {
    if (model_.norm == spec::Norm::kLayerNorm) return rows_ * 2 * kFp32;
    return rows_ * (model_.d_model + 1) * kFp32;
  }

  int64_t SubNorms() const {
    if (!model_.sub_norm) return 0;
    // Of their input a copy in fp32 where it is of another type; what they give.
    const int64_t width = model_.d_model + model_.d_ff;
    const int64_t copy = value_ == kFp32 ? 0 : kFp32;
    return rows_ * width * (copy + kFp32 + value_);
  }

  // What autograd keeps of one block, its input aside.
  int64_t Block() const {
    const int64_t d = model_.d_model;
    const int64_t heads = 3 * d;  // q, k, v, each key and value head as often as it is read
    const int64_t attention = rows_ * ((d + heads + d) * value_ + model_.num_heads * kFp32);
    const int64_t hidden = (model_.gated() ? 4 : 2) * model_.d_ff;
    const int64_t mlp = rows_ * (d + hidden) * value_;
    const int64_t middle = rows_ * d * kFp32;  // the stream between the two
    return 2 * Norm() + attention + middle + mlp + SubNorms();
  }

  // Gradients on their way through a block: of the stream, of the hidden layer and of what it was
  // made from; and that of the largest weight.
  int64_t BlockBackward() const {
    return rows_ * (model_.d_model * (kFp32 + value_) + 2 * model_.d_ff * value_) +
           model_.d_model * std::max(model_.d_ff, 3 * model_.d_model) * WeightGradientBytes(value_);
  }

  // Logits of a piece, once more while their exponentials are summed, or the gradients of the
  // logits and of the weight; and the gradient of the hidden rows.
  int64_t Head() const {
    const auto head = std::ranges::find(run_.layers, "lm_head", &LayerPrecision::layer);
    const bool whole = head != run_.layers.end() && QuantizesRows(*head);
    const int64_t piece =
        whole ? rows_ : std::min(rows_, std::max(kPieceRows, kPieceElements / model_.vocab_size));
    const int64_t logits = piece * model_.vocab_size;
    const int64_t forward = logits * 2 * kFp32;
    const int64_t backward = logits * (kFp32 + (value_ == kFp32 ? 0 : value_)) +
                             model_.vocab_size * model_.d_model * WeightGradientBytes(value_);
    return std::max(forward, backward) + rows_ * model_.d_model * value_;
  }

  const RunSpec& run_;
  const ModelSpec& model_;
  const int64_t value_, rows_;
};

}  // namespace

int64_t TransformerActivationBytes(const RunSpec& run) { return Counter(run).Peak(); }

}  // namespace fp4::spec
