// What turns gradients into new values. An optimizer is a file of this folder, which registers it
// under the name that documents use.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/run_spec.h"
#include "trainer/checkpoint/state.h"
#include "trainer/measure/metric_values.h"
#include "trainer/model/parameters.h"
#include "trainer/optimizer/schedule.h"

namespace fp4::trainer {

// What the schedule makes of a peak rate at one update. Every optimizer of a run follows the same
// schedule with a peak of its own.
class UpdateRate {
 public:
  // `update` counts from 1 to `updates`.
  UpdateRate(const spec::LearningRateSpec& schedule, int64_t update, int64_t updates)
      : schedule_(schedule), update_(update), updates_(updates) {}

  int64_t update() const { return update_; }
  double Of(double peak) const { return LearningRate(schedule_, peak, update_, updates_); }

 private:
  const spec::LearningRateSpec& schedule_;
  const int64_t update_, updates_;
};

// Updates the parameters that it was made with, from the gradients of their masters. A parameter
// without a gradient keeps its bits: no decay, no state. What it keeps from one update to the next
// it saves under "optimizer.<what>.<parameter>", tensors of any type that a file knows. Not
// thread-safe.
class Optimizer : public Stateful {
 public:
  explicit Optimizer(std::vector<Parameter> parameters) : parameters_(std::move(parameters)) {}

  virtual void Step(const UpdateRate& rate) = 0;

  // What it tells of an update beyond the document's learning rate.
  virtual MetricValues Metrics(const UpdateRate& /*rate*/) const { return {}; }

  // The tensors that its state lies in: what is counted as the optimizer's memory.
  virtual std::vector<at::Tensor> StateTensors() const = 0;

  const std::vector<Parameter>& parameters() const { return parameters_; }

 private:
  const std::vector<Parameter> parameters_;
};

// How an optimizer is made of its part of the parameters.
struct OptimizerKind {
  std::string_view name;  // as optimizer.name says it; outlives the program
  // Which parameters it takes of a run that names it. Those that are left go to the default one.
  bool (*takes)(const spec::OptimizerSpec& spec, const spec::TensorInfo& tensor);
  std::unique_ptr<Optimizer> (*make)(const spec::OptimizerSpec& spec,
                                     std::vector<Parameter> parameters);
};

template <typename Type>
std::unique_ptr<Optimizer> MakeOptimizer(const spec::OptimizerSpec& spec,
                                         std::vector<Parameter> parameters) {
  return std::make_unique<Type>(spec, std::move(parameters));
}

// A static object of this type at the end of an optimizer's file makes it known.
struct OptimizerRegistration {
  explicit OptimizerRegistration(OptimizerKind kind);
};

// The optimizer that the document names, for the parameters that it takes, then the one that takes
// what is left. Each parameter is in exactly one.
std::vector<std::unique_ptr<Optimizer>> MakeOptimizers(const spec::OptimizerSpec& spec,
                                                       const ParameterSet& parameters);

}  // namespace fp4::trainer
