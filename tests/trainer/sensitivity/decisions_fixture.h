#pragma once

#include <string>
#include <vector>

#include "spec/events.h"
#include "spec/score_table.h"
#include "tests/trainer/training_fixture.h"

namespace fp4::trainer {

// Trained runs, and what their budgets decided.
class DecisionsFixture : public TrainingFixture {
 protected:
  std::vector<spec::Decision> DecisionsOf(const std::string& name) const {
    std::vector<spec::Decision> decisions;
    for (const auto& event : EventsOf<spec::DecisionEvent>(name))
      decisions.push_back(spec::ParseDecision(event.step, event.json).value());
    return decisions;
  }
};

}  // namespace fp4::trainer
