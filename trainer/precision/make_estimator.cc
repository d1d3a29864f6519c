#include <cmath>
#include <set>

#include "trainer/precision/dge.h"
#include "trainer/precision/estimator.h"
#include "trainer/precision/grid.h"
#include "trainer/precision/learned_scale.h"
#include "trainer/precision/quest.h"

namespace fp4::trainer {

std::unique_ptr<WeightEstimator> MakeEstimator(const EstimatorParts& parts) {
  switch (parts.precision.estimator) {
    case spec::Estimator::kStraightThrough:
    case spec::Estimator::kNone:
      return nullptr;
    case spec::Estimator::kDge:
      return std::make_unique<DifferentiableEstimator>(parts);
    case spec::Estimator::kQuest:
      return std::make_unique<QuestEstimator>(parts);
    case spec::Estimator::kLsq:
    case spec::Estimator::kNoise:
      return std::make_unique<LearnedScaleEstimator>(parts);
  }
  return nullptr;
}

at::Tensor InitialScale(const spec::LayerPrecision& precision, const at::Tensor& master) {
  if (!spec::LearnsScale(precision.estimator)) return {};
  const ElementGrid grid(precision.weight().format);
  const at::Tensor values = master.detach().to(at::kFloat).abs();
  // E2M1 reaches its largest number at the start, as its encoder does; integers begin as LSQ does.
  const at::Tensor scale =
      grid.largest() == 6.0 ? values.max() / 6.0 : 2.0 * values.mean() / std::sqrt(grid.largest());
  return scale.view({1});
}

std::string ScaleName(const std::string& layer) { return layer + ".weight_scale"; }

void AddLearnedScales(const spec::RunSpec& run, ParameterSet& parameters) {
  std::set<std::string> added;
  const auto add = [&](const std::vector<spec::LayerPrecision>& table) {
    for (const spec::LayerPrecision& row : table) {
      if (!spec::LearnsScale(row.estimator) || !added.insert(row.layer).second) continue;
      const std::string owner = row.shares.empty() ? row.layer : row.shares;
      parameters.Add(ScaleName(row.layer), InitialScale(row, parameters.Master(owner + ".weight")));
    }
  };
  add(run.layers);
  for (const spec::PrecisionPhase& phase : run.phases) add(phase.layers);
}

}  // namespace fp4::trainer
