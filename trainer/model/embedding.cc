#include "trainer/model/embedding.h"

#include <bit>
#include <utility>

namespace fp4::trainer {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class EmbeddingFunction : public torch::autograd::Function<EmbeddingFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& tokens,
                            const at::Tensor& /*master*/, Embedding* embedding) {
    context->saved_data["embedding"] = std::bit_cast<int64_t>(embedding);
    context->save_for_backward({tokens});
    at::Tensor rows = at::embedding(embedding->weight(), tokens).to(at::kFloat);
    return embedding->scale() == 1.0 ? rows : rows.mul_(embedding->scale());
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto* embedding = std::bit_cast<Embedding*>(context->saved_data["embedding"].toInt());
    at::Tensor tokens = context->get_saved_variables()[0];
    return {at::Tensor(), embedding->Backward(gradients[0], tokens), at::Tensor()};
  }
};

}  // namespace

Embedding::Embedding(const spec::LayerPrecision& precision, at::Tensor master, double scale,
                     StepContext& context, Backend& backend)
    : name_(precision.layer),
      master_(std::move(master)),
      scale_(scale),
      context_(context),
      backend_(backend),
      estimator_(precision.estimator),
      quantizer_(precision.weight(), name_, "lookup", at::kFloat, context, backend) {}

void Embedding::Use(const spec::LayerPrecision& precision) {
  estimator_ = precision.estimator;
  quantizer_ =
      OperandQuantizer(precision.weight(), name_, "lookup", at::kFloat, context_, backend_);
  table_ = at::Tensor();
}

void Embedding::RefreshWeight(std::vector<QuantizeJob>& jobs) {
  context_.layer = name_;
  const at::Tensor values = master_.detach();
  if (!quantizer_.quantized()) {
    table_ = values;
    return;
  }
  if (!table_.defined()) table_ = at::empty_like(values, at::kFloat);
  jobs.push_back(quantizer_.Job(values, table_));
}

at::Tensor Embedding::Forward(const at::Tensor& tokens) {
  context_.layer = name_;
  Show(LayerTensor::kWeight, table_);
  at::Tensor rows =
      EmbeddingFunction::apply(tokens, trains_weight() ? master_ : master_.detach(), this);
  Show(LayerTensor::kOutput, rows.detach());
  return rows;
}

void Embedding::Show(LayerTensor which, const at::Tensor& values) const {
  if (context_.observer != nullptr) context_.observer->Saw(name_, which, values);
}

at::Tensor Embedding::Backward(const at::Tensor& gradient, const at::Tensor& tokens) const {
  context_.layer = name_;
  Show(LayerTensor::kOutputGradient, gradient);
  at::Tensor scaled = scale_ == 1.0 ? gradient : gradient * scale_;
  at::Tensor dw = at::embedding_dense_backward(scaled, tokens, master_.size(0), /*padding_idx=*/-1,
                                               /*scale_grad_by_freq=*/false);
  Show(LayerTensor::kWeightGradient, dw);
  return dw;
}

}  // namespace fp4::trainer
