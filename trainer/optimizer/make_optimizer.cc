#include <algorithm>

#include "trainer/optimizer/optimizer.h"

namespace fp4::trainer {
namespace {

std::vector<OptimizerKind>& Kinds() {
  static std::vector<OptimizerKind> kinds;
  return kinds;
}

const OptimizerKind& KindNamed(const std::string& name) {
  const auto found = std::ranges::find(Kinds(), name, &OptimizerKind::name);
  TORCH_CHECK(found != Kinds().end(), "there is no optimizer '", name, "'");
  return *found;
}

// Moves the parameters that `takes` accepts out of `left`.
std::vector<Parameter> Take(const std::function<bool(const Parameter&)>& takes,
                            std::vector<Parameter>& left) {
  const auto others = std::ranges::stable_partition(left, std::not_fn(takes));
  std::vector<Parameter> taken(std::make_move_iterator(others.begin()),
                               std::make_move_iterator(others.end()));
  left.erase(others.begin(), others.end());
  return taken;
}

}  // namespace

OptimizerRegistration::OptimizerRegistration(OptimizerKind kind) { Kinds().push_back(kind); }

std::vector<std::unique_ptr<Optimizer>> MakeOptimizers(const spec::OptimizerSpec& spec,
                                                       const ParameterSet& parameters) {
  std::vector<Parameter> left = parameters.all();
  std::vector<std::unique_ptr<Optimizer>> optimizers;
  const auto make = [&](const OptimizerKind& kind) {
    std::vector<Parameter> taken =
        Take([&](const Parameter& parameter) { return kind.takes(spec, parameter); }, left);
    if (!taken.empty()) optimizers.push_back(kind.make(spec, std::move(taken)));
  };
  make(KindNamed(spec.name));
  make(KindNamed(spec::OptimizerSpec().name));
  TORCH_CHECK(left.empty(), "no optimizer takes ", left.front().name);
  return optimizers;
}

}  // namespace fp4::trainer
