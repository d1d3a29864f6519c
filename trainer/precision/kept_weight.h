#pragma once

#include <optional>
#include <vector>

#include "trainer/backend/backend.h"
#include "trainer/precision/operand.h"

namespace fp4::trainer {

// An operand that is made of a weight once an update and kept until the next: as the GEMMs take it,
// or, where it is quantized and `packs`, as codes and scales that are decoded for each use. Both
// give the same bits. Not thread-safe; the backend outlives it.
class KeptWeight {
 public:
  KeptWeight(at::ScalarType compute_type, bool packs, Backend& backend)
      : compute_type_(compute_type), packs_(packs && backend.packs()), backend_(&backend) {}

  // Makes it of `values`, the master or its transpose; a job does where it is quantized and kept
  // decoded. Unquantized and of the compute type it is `values` itself, no copy.
  void Refresh(const OperandQuantizer& quantizer, const at::Tensor& values,
               std::vector<QuantizeJob>& jobs);

  // The tensor of the master's shape and the compute type that somebody else writes it into.
  at::Tensor& Buffer(const at::Tensor& master);
  // Takes it as it is.
  void Set(at::Tensor weight);

  // As the GEMMs take it; of a packed one a tensor that is gone when nobody holds it.
  at::Tensor Get() const;

  // What is kept: the tensor, undefined where it is packed, and the bytes of codes and scales.
  const at::Tensor& decoded() const { return decoded_; }
  int64_t packed_bytes() const { return packed_ ? packed_->codes.stored_bytes() : 0; }

 private:
  struct Packed {
    QuantizeJob job;  // format and options; no tensors
    at::Device device;
    numerics::Quantized codes;
  };

  at::ScalarType compute_type_;
  bool packs_;
  Backend* backend_;
  at::Tensor decoded_;
  std::optional<Packed> packed_;
};

}  // namespace fp4::trainer
