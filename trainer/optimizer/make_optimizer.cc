#include <array>
#include <string_view>

#include "spec/optimizer_tensors.h"
#include "trainer/optimizer/adamw.h"
#include "trainer/optimizer/muon.h"
#include "trainer/optimizer/optimizer.h"

namespace fp4::trainer {
namespace {

bool TakesAll(const spec::OptimizerSpec&, const spec::TensorInfo&) { return true; }

struct Row {
  std::string_view name;  // as optimizer.name says it
  bool (*takes)(const spec::OptimizerSpec& spec, const spec::TensorInfo& tensor);
  std::unique_ptr<Optimizer> (*make)(const spec::OptimizerSpec& spec,
                                     std::vector<Parameter> parameters);
};

template <typename Type>
std::unique_ptr<Optimizer> Make(const spec::OptimizerSpec& spec,
                                std::vector<Parameter> parameters) {
  return std::make_unique<Type>(spec, std::move(parameters));
}

// The last row takes what the one that the document names leaves.
constexpr std::array kOptimizers = {
    Row{"muon", spec::UpdatedByMuon, Make<Muon>},
    Row{"adamw", TakesAll, Make<AdamW>},
};

}  // namespace

std::vector<std::unique_ptr<Optimizer>> MakeOptimizers(const spec::OptimizerSpec& spec,
                                                       const ParameterSet& parameters) {
  std::vector<Parameter> left = parameters.all();
  std::vector<std::unique_ptr<Optimizer>> optimizers;
  for (const Row& row : kOptimizers) {
    if (row.name != spec.name && &row != &kOptimizers.back()) continue;
    std::vector<Parameter> taken, others;
    for (Parameter& parameter : left)
      (row.takes(spec, parameter) ? taken : others).push_back(std::move(parameter));
    if (!taken.empty()) optimizers.push_back(row.make(spec, std::move(taken)));
    left = std::move(others);
  }
  TORCH_CHECK(left.empty(), "no optimizer takes ", left.front().name);
  return optimizers;
}

}  // namespace fp4::trainer
