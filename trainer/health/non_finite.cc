#include "trainer/health/non_finite.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/health_codes.h"

namespace fp4::trainer {
namespace {

// The first parameter with a gradient that is not finite; null: none.
const Parameter* FirstNonFinite(const ParameterSet& parameters) {
  for (const Parameter& parameter : parameters.all()) {
    const at::Tensor& gradient = parameter.master.grad();
    if (gradient.defined() && !at::isfinite(gradient).all().item<bool>()) return &parameter;
  }
  return nullptr;
}

}  // namespace

std::optional<Finding> FindNonFinite(int64_t step, double loss, double gradient_norm,
                                     const ParameterSet& parameters) {
  if (std::isfinite(loss) && std::isfinite(gradient_norm)) return std::nullopt;
  const Parameter* culprit = std::isfinite(loss) ? FirstNonFinite(parameters) : nullptr;
  const std::string what = !std::isfinite(loss) ? absl::StrCat("the loss is ", loss)
                           : culprit == nullptr
                               ? "the norm of the gradients overflows"
                               : absl::StrCat("the gradient of ", culprit->name, " is not finite");
  return Finding{health_code::kNonFinite, culprit == nullptr ? "" : culprit->layer(),
                 absl::StrCat("at step ", step, " ", what, "; the update was not applied")};
}

}  // namespace fp4::trainer
