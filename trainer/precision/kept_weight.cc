#include "trainer/precision/kept_weight.h"

#include <utility>

namespace fp4::trainer {

void KeptWeight::Refresh(const OperandQuantizer& quantizer, const at::Tensor& values,
                         std::vector<QuantizeJob>& jobs) {
  if (!quantizer.quantized() && values.scalar_type() == compute_type_) {
    Set(values);
  } else if (!quantizer.quantized()) {
    Buffer(values).copy_(values);
  } else if (!packs_) {
    jobs.push_back(quantizer.Job(values, Buffer(values)));
  } else {
    QuantizeJob job = quantizer.Job(values, {});
    numerics::Quantized codes = backend_->Pack(job);
    job.values = at::Tensor();
    decoded_ = at::Tensor();
    packed_.emplace(Packed{std::move(job), values.device(), std::move(codes)});
  }
}

at::Tensor& KeptWeight::Buffer(const at::Tensor& master) {
  packed_.reset();
  if (!decoded_.defined())
    decoded_ = at::empty(master.sizes(), master.options().dtype(compute_type_));
  return decoded_;
}

void KeptWeight::Set(at::Tensor weight) {
  packed_.reset();
  decoded_ = std::move(weight);
}

at::Tensor KeptWeight::Get() const {
  if (!packed_) return decoded_;
  const numerics::MatrixShape shape = packed_->codes.shape;
  at::Tensor decoded = at::empty({shape.rows, shape.columns},
                                 at::TensorOptions(packed_->device).dtype(compute_type_));
  backend_->Unpack(packed_->codes, packed_->job, decoded);
  return decoded;
}

}  // namespace fp4::trainer
