#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "trainer/health/check.h"

namespace fp4::trainer {

// What every check of operands has in common: an operand that is judged too bad in kLooks looks in
// a row becomes a finding of its layer. A check says what too bad is.
class OperandCheck : public HealthCheck {
 public:
  static constexpr int kLooks = 2;

  std::vector<Finding> AfterLook(const Look& look) final;

 protected:
  // `advice`: half a sentence for people.
  OperandCheck(std::string_view code, std::string advice)
      : code_(code), advice_(std::move(advice)) {}

  // What is wrong with the operand, with value and bound: "61.0 % of the values that are not 0
  // became 0 (bound 50 %)". Nothing: it is well.
  virtual std::optional<std::string> Judge(const OperandFacts& facts) const = 0;

 private:
  const std::string_view code_;
  const std::string advice_;
  std::map<std::pair<std::string, Operand>, int> in_a_row_;  // looks, by layer and operand
};

// "61.0 %"
std::string Percent(double share);

// "6.4 % of … (bound 5 %)" where `share` is above `bound`.
std::optional<std::string> JudgeShare(double share, double bound, std::string_view of);

}  // namespace fp4::trainer
