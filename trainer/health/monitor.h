#pragma once

#include <set>
#include <string>
#include <vector>

#include "trainer/model/parameters.h"

namespace fp4::trainer {

// Finds tensors that do not learn, by looking at them: never by what the recipe says. Not
// thread-safe.
class HealthMonitor {
 public:
  // Updates with a learning rate above zero after which it judges.
  static constexpr int kUpdates = 5;

  // `reported`: layers that an earlier attempt has reported.
  HealthMonitor(const ParameterSet& parameters, std::set<std::string> reported);

  // Between backward and the update, and after the update, of each step.
  void BeforeUpdate(double learning_rate);
  // The layers to report now: those with a tensor whose gradient was absent or exactly zero in all
  // of the first kUpdates updates, and whose bits are what they were. Each layer is reported once.
  std::vector<std::string> AfterUpdate();

  const std::set<std::string>& reported() const { return reported_; }

 private:
  const ParameterSet& parameters_;
  std::set<std::string> reported_;
  int updates_ = 0;
  bool counts_ = false;             // the update under way
  std::vector<bool> learns_;        // by parameter: has had a gradient
  std::vector<at::Tensor> before_;  // by parameter: its first values, of those that have had none
};

// The first tensor with a gradient that is not finite; empty: none.
std::string FindNonFiniteGradient(const ParameterSet& parameters);

}  // namespace fp4::trainer
