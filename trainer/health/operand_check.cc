#include "trainer/health/operand_check.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fp4::trainer {

std::vector<Finding> OperandCheck::AfterLook(const Look& look) {
  std::vector<Finding> findings;
  for (const OperandFacts& facts : look.operands) {
    int& in_a_row = in_a_row_[{facts.layer, facts.operand}];
    const std::optional<std::string> wrong = Judge(facts);
    in_a_row = wrong ? in_a_row + 1 : 0;
    if (in_a_row < kLooks) continue;
    findings.push_back(
        {code_, facts.layer,
         absl::StrCat("up to step ", look.step, ", ", std::string(NameOf(facts.operand)), " of ",
                      facts.layer, " as ", std::string(facts.format->name), ": ", *wrong, "; ",
                      advice_)});
  }
  return findings;
}

std::string Percent(double share) { return absl::StrFormat("%.3g %%", 100 * share); }

std::optional<std::string> JudgeShare(double share, double bound, std::string_view of) {
  if (!(share > bound)) return std::nullopt;
  return absl::StrCat(Percent(share), " of ", std::string(of), " (bound ", Percent(bound), ")");
}

}  // namespace fp4::trainer
