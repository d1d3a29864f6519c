#include "trainer/optimizer/muon.h"

#include <algorithm>
#include <cmath>

#include "base/metric_names.h"
#include "base/status_macros.h"
#include "spec/optimizer_tensors.h"
#include "trainer/optimizer/master_rounding.h"

namespace fp4::trainer {
namespace {

constexpr char kMomentum[] = "optimizer.momentum.";

at::Tensor AsMatrix(const at::Tensor& tensor) { return tensor.reshape({tensor.size(0), -1}); }

double ScaleOf(spec::MuonScale scale, int64_t rows, int64_t columns) {
  const auto r = static_cast<double>(rows), c = static_cast<double>(columns);
  switch (scale) {
    case spec::MuonScale::kKeller:
      return std::sqrt(std::max(1.0, r / c));
    case spec::MuonScale::kMoonlight:
      return 0.2 * std::sqrt(std::max(r, c));
  }
  return 1.0;
}

std::vector<int64_t> PartRows(const Parameter& parameter) {
  return parameter.stacked_rows.empty() ? std::vector{parameter.out_features()}
                                        : parameter.stacked_rows;
}

}  // namespace

at::Tensor Orthogonalize(const at::Tensor& update, int64_t iterations, at::ScalarType type) {
  constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;
  const bool tall = update.size(0) > update.size(1);
  at::Tensor x = update.to(type);
  if (tall) x = x.t();
  x = x / (x.norm() + 1e-7);
  for (int64_t i = 0; i < iterations; ++i) {
    const at::Tensor a = at::mm(x, x.t());
    const at::Tensor b = a * kB + at::mm(a * kC, a);
    x = x * kA + at::mm(b, x);
  }
  return (tall ? x.t() : x).to(at::kFloat);
}

Muon::Muon(const spec::OptimizerSpec& spec, std::vector<Parameter> parameters)
    : Optimizer(std::move(parameters)), spec_(spec.muon), momenta_(this->parameters().size()) {}

at::Tensor Muon::Update(const Parameter& parameter, at::Tensor& momentum) const {
  const at::Tensor gradient = parameter.master.grad().to(at::kFloat);
  if (!momentum.defined()) momentum = at::zeros_like(gradient);
  momentum.mul_(spec_.momentum).add_(gradient, 1 - spec_.momentum);
  return AsMatrix(gradient * (1 - spec_.momentum) + momentum * spec_.momentum);
}

void Muon::Step(const UpdateRate& rate) {
  at::NoGradGuard no_grad;
  const double learning_rate = rate.Of(spec_.learning_rate);
  const at::ScalarType type = spec_.dtype == spec::MuonDtype::kBf16 ? at::kBFloat16 : at::kFloat;
  for (size_t i = 0; i < momenta_.size(); ++i) {
    const Parameter& parameter = parameters()[i];
    if (!parameter.master.grad().defined()) continue;
    const at::Tensor update = Update(parameter, momenta_[i]);
    // Of an fp32 master a view, of a bf16 one a copy.
    at::Tensor values = AsMatrix(parameter.master.detach()).to(at::kFloat);
    values.mul_(1 - learning_rate * spec_.weight_decay);
    int64_t begin = 0;
    for (const int64_t rows : PartRows(parameter)) {
      const at::Tensor direction =
          Orthogonalize(update.narrow(0, begin, rows), spec_.iterations, type);
      values.narrow(0, begin, rows)
          .sub_(direction, learning_rate * ScaleOf(spec_.scale, rows, update.size(1)));
      begin += rows;
    }
    if (parameter.master.scalar_type() != at::kFloat) {
      StoreMaster(values, {parameter.rounding_key, static_cast<uint64_t>(rate.update())}, 0,
                  parameter.master);
    }
  }
}

MetricValues Muon::Metrics(const UpdateRate& rate) const {
  return {{std::string(metric::kMuonLearningRate), rate.Of(spec_.learning_rate)}};
}

void Muon::Save(StateSnapshot& snapshot) const {
  for (size_t i = 0; i < momenta_.size(); ++i) {
    if (momenta_[i].defined()) snapshot.Add(kMomentum + parameters()[i].name, momenta_[i]);
  }
}

absl::Status Muon::Restore(const StateReader& reader) {
  for (size_t i = 0; i < momenta_.size(); ++i) {
    const Parameter& parameter = parameters()[i];
    const std::string name = kMomentum + parameter.name;
    if (!reader.Has(name)) continue;
    FP4_ASSIGN_OR_RETURN(at::Tensor momentum,
                         reader.Read(name, parameter.master.sizes(), at::kFloat));
    momenta_[i] = momentum.to(parameter.master.device());
  }
  return absl::OkStatus();
}

namespace {
const OptimizerRegistration muon_registration({"muon", spec::UpdatedByMuon, MakeOptimizer<Muon>});
}  // namespace

}  // namespace fp4::trainer
