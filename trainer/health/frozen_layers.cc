#include "trainer/health/frozen_layers.h"

#include "absl/strings/str_cat.h"
#include "base/health_codes.h"

namespace fp4::trainer {
namespace {

// Equal bits, so that NaN equals itself and -0 does not equal 0.
bool SameBits(const at::Tensor& a, const at::Tensor& b) {
  return at::equal(a.view(at::kByte), b.view(at::kByte));
}

bool HasGradient(const Parameter& parameter) {
  const at::Tensor& gradient = parameter.master.grad();
  return gradient.defined() && gradient.any().item<bool>();
}

}  // namespace

FrozenLayersCheck::FrozenLayersCheck(const HealthParts& parts)
    : parameters_(parts.parameters),
      learns_(parts.parameters.all().size(), false),
      before_(parts.parameters.all().size()) {}

void FrozenLayersCheck::BeforeUpdate(const UpdateFacts& update) {
  counts_ = update.learning_rate > 0 && updates_ < kUpdates;
  if (!counts_) return;
  for (size_t i = 0; i < learns_.size(); ++i) {
    if (learns_[i]) continue;
    const Parameter& parameter = parameters_.all()[i];
    if (HasGradient(parameter)) {
      learns_[i] = true;
      before_[i] = at::Tensor();
    } else if (!before_[i].defined()) {
      before_[i] = parameter.master.detach().clone();
    }
  }
}

std::vector<Finding> FrozenLayersCheck::AfterUpdate() {
  std::vector<Finding> findings;
  if (!counts_ || ++updates_ < kUpdates) return findings;
  for (size_t i = 0; i < learns_.size(); ++i) {
    const Parameter& parameter = parameters_.all()[i];
    if (learns_[i] || !SameBits(before_[i], parameter.master.detach())) continue;
    const std::string layer = parameter.layer();
    findings.push_back(
        {health_code::kFrozenLayer, layer,
         absl::StrCat(layer, " does not learn: ", kUpdates,
                      " updates brought it no gradient and left every bit of it as it was")});
  }
  before_.assign(before_.size(), at::Tensor());
  return findings;
}

}  // namespace fp4::trainer
