#include "trainer/health/dead_units.h"

#include "absl/strings/str_cat.h"
#include "base/health_codes.h"
#include "trainer/health/operand_check.h"

namespace fp4::trainer {

DeadUnitsCheck::DeadUnitsCheck(const HealthParts& parts)
    : data_layer_(parts.model.layers().empty() ? "" : parts.model.layers().front()->name()) {}

std::vector<Finding> DeadUnitsCheck::AfterLook(const Look& look) {
  std::vector<Finding> findings;
  for (const InputFacts& facts : look.inputs) {
    if (facts.layer == data_layer_) continue;
    at::Tensor& looks = in_a_row_[facts.layer];
    if (!looks.defined()) looks = at::zeros(facts.constant.sizes(), at::kInt);
    const at::Tensor constant = facts.constant.to(at::kCPU);
    looks.add_(1).mul_(constant);
    const int64_t dead = looks.ge(kLooks).sum().item<int64_t>();
    const double share = static_cast<double>(dead) / static_cast<double>(looks.numel());
    if (share <= kBound) continue;
    findings.push_back(
        {health_code::kDeadUnits, facts.layer,
         absl::StrCat("up to step ", look.step, ", ", dead, " of the ", looks.numel(),
                      " units that feed ", facts.layer, " gave one number for all records in ",
                      kLooks, " looks, ", Percent(share), " (bound ", Percent(kBound),
                      "): they learn nothing; a smaller learning rate, or an activation that is "
                      "never flat, would keep them alive")});
  }
  return findings;
}

}  // namespace fp4::trainer
