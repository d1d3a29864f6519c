#include "trainer/health/monitor.h"

#include <utility>

namespace fp4::trainer {
namespace {

// Equal bits, so that NaN equals itself and -0 does not equal 0.
bool SameBits(const at::Tensor& a, const at::Tensor& b) {
  return at::equal(a.view(at::kInt), b.view(at::kInt));
}

bool HasGradient(const Parameter& parameter) {
  const at::Tensor& gradient = parameter.master.grad();
  return gradient.defined() && gradient.any().item<bool>();
}

}  // namespace

HealthMonitor::HealthMonitor(const ParameterSet& parameters, std::set<std::string> reported)
    : parameters_(parameters),
      reported_(std::move(reported)),
      learns_(parameters.all().size(), false),
      before_(parameters.all().size()) {}

void HealthMonitor::BeforeUpdate(double learning_rate) {
  counts_ = learning_rate > 0 && updates_ < kUpdates;
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

std::vector<std::string> HealthMonitor::AfterUpdate() {
  std::vector<std::string> frozen;
  if (!counts_ || ++updates_ < kUpdates) return frozen;
  for (size_t i = 0; i < learns_.size(); ++i) {
    const Parameter& parameter = parameters_.all()[i];
    if (learns_[i] || !SameBits(before_[i], parameter.master.detach())) continue;
    if (reported_.insert(parameter.layer()).second) frozen.push_back(parameter.layer());
  }
  before_.assign(before_.size(), at::Tensor());
  return frozen;
}

std::string FindNonFiniteGradient(const ParameterSet& parameters) {
  for (const Parameter& parameter : parameters.all()) {
    const at::Tensor& gradient = parameter.master.grad();
    if (gradient.defined() && !at::isfinite(gradient).all().item<bool>()) return parameter.name;
  }
  return "";
}

}  // namespace fp4::trainer
