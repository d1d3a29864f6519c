#include "trainer/model/dropout.h"

#include "trainer/random.h"

namespace fp4::trainer {

Dropout::Dropout(double probability, std::string_view site, const StepContext& context,
                 Backend& backend)
    : probability_(probability),
      key_(RandomKey(context.seed, "dropout", site)),
      context_(context),
      backend_(backend) {}

at::Tensor Dropout::operator()(const at::Tensor& x) const {
  if (!active()) return x;
  at::Tensor mask = backend_.DropoutMask(x.sizes(), probability_, key_,
                                         static_cast<uint64_t>(context_.micro_batch));
  return x * mask.to(x.scalar_type());
}

}  // namespace fp4::trainer
