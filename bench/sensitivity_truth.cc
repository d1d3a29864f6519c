// Predicted changes of the loss beside true ones, and beside rival scores, for each layer of a
// trained model under each recipe. For sensitivity.py, which trains the models and compares.
//
//   sensitivity_truth RUN.json CHECKPOINT VARIANT SEED
//
// The document's `sensitivity` says which recipes and layers. Predictions are made on
// sensitivity.micro_batches of training data, the truth on all validation batches of the document:
// only that layer is computed under the recipe, everything else as the document says. One JSON
// object a line: the pair, then what was found.
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/clock.h"
#include "trainer/build.h"
#include "trainer/checkpoint/store.h"
#include "trainer/measure/evaluate.h"
#include "trainer/run/math_environment.h"
#include "trainer/run/select_run.h"
#include "trainer/sensitivity/exact_backward.h"
#include "trainer/sensitivity/scorer.h"

namespace fp4::trainer {
namespace {

// What rivals need of a layer, over the micro-batches.
struct LayerSums {
  at::Tensor gradient;          // (out, in): of the mean loss
  at::Tensor squared_gradient;  // (out, in): mean over records of the squares of their gradients
  double trace = 0;             // of the Gauss-Newton matrix in the weight
};

struct PairSums {
  double second_of_rows = 0, empirical = 0, empirical_of_rows = 0;
  double auto_quantize = 0;
  TermSamples terms, expanded;  // as scores are made; at the layer's output
  at::Tensor weight_change;
};

// Gradients of the weight for each record, of the mean loss over that record.
at::Tensor RecordGradients(const at::Tensor& dy, const at::Tensor& x, int64_t records) {
  const at::Tensor by_record = dy.view({records, -1, dy.size(1)}) * records;
  return at::bmm(by_record.transpose(1, 2), x.to(at::kFloat).view({records, -1, x.size(1)}));
}

class Truth {
 public:
  explicit Truth(Parts& parts) : parts_(parts), candidates_(parts.run.sensitivity.candidates) {
    layers_.resize(candidates_.layers.size());
    for (const auto& layer : candidates_.layers) pairs_.emplace_back(layer.size());
  }

  void Predict() {
    const ExactBackward exact(*parts_.model);
    const int64_t count = parts_.run.sensitivity.micro_batches;
    const int64_t targets =
        parts_.run.training.micro_batch_size * parts_.task->targets_per_record();
    const PerturbationParts pass{candidates_,    *parts_.model,   *parts_.parameters,
                                 parts_.context, *parts_.backend, at::kFloat};
    for (int64_t m = 0; m < count; ++m) {
      VisitPerturbations(pass, parts_.task->Training(1'000'000, m), targets, 1.0,
                         static_cast<uint64_t>(m), [&](const Perturbation& seen) {
                           Add(seen, parts_.run.training.micro_batch_size, targets,
                               static_cast<double>(count));
                         });
    }
  }

  // Mean losses of the validation batches.
  std::vector<double> Losses() {
    std::vector<double> losses;
    const int64_t size = parts_.run.training.micro_batch_size;
    for (int64_t begin = 0; begin < parts_.task->num_validation_records(); begin += size) {
      const int64_t count = std::min(size, parts_.task->num_validation_records() - begin);
      const LossSums sums = parts_.model->Evaluate(parts_.task->Validation(begin, count));
      losses.push_back(sums.loss.item<double>() /
                       static_cast<double>(count * parts_.task->targets_per_record()));
    }
    return losses;
  }

  void Tell() {
    const std::vector<spec::LayerPrecision> table = parts_.model->table();
    parts_.model->SetTraining(false);
    const std::vector<double> base = Losses();
    for (size_t l = 0; l < layers_.size(); ++l) {
      for (size_t c = 0; c < pairs_[l].size(); ++c) {
        std::vector<spec::LayerPrecision> changed = table;
        const spec::LayerPrecision& row = candidates_.layers[l][c].row;
        *std::ranges::find(changed, row.layer, &spec::LayerPrecision::layer) = row;
        parts_.model->Use(changed);
        TellPair(l, c, base, Losses());
      }
    }
  }

 private:
  void Add(const Perturbation& seen, int64_t records, int64_t targets, double count) {
    const auto n = static_cast<double>(targets);
    if (seen.candidate == 0) AddLayer(seen, records, n, count);
    PairSums& pair = pairs_[seen.layer][seen.candidate];
    const at::Tensor product = seen.gradient * seen.change;
    const at::Tensor rows = product.sum(1, false, at::kDouble);
    const at::Tensor drawn = (seen.sampled_gradient * seen.change).sum(1, false, at::kDouble);
    const at::Tensor first = rows.view({records, -1}).sum(1);
    AppendTerms(TermsOf(seen, records, targets), pair.terms);
    AppendTerms(ExpandedTerms(seen.gradient, seen.sampled_gradient, seen.change, records, targets),
                pair.expanded);
    pair.second_of_rows += 0.5 * n * drawn.square().sum().item<double>() / count;
    pair.empirical += 0.5 * n * first.square().sum().item<double>() / count;
    pair.empirical_of_rows += 0.5 * n * rows.square().sum().item<double>() / count;
    pair.auto_quantize += product.square().sum().item<double>() / count;
    pair.weight_change = seen.weight_change;
  }

  void AddLayer(const Perturbation& seen, int64_t records, double n, double count) {
    LayerSums& layer = layers_[seen.layer];
    const at::Tensor own = RecordGradients(seen.gradient, seen.input, records);
    const at::Tensor drawn = RecordGradients(seen.sampled_gradient, seen.input, records);
    const at::Tensor mean = own.mean(0), square = own.square().mean(0);
    layer.gradient = layer.gradient.defined() ? layer.gradient + mean / count : mean / count;
    layer.squared_gradient =
        layer.squared_gradient.defined() ? layer.squared_gradient + square / count : square / count;
    // The covariance of a record's summed gradient, by the targets of a record.
    layer.trace += drawn.square().sum(at::kDouble).item<double>() /
                   static_cast<double>(records * records) * n / count;
  }

  void TellPair(size_t l, size_t c, const std::vector<double>& base,
                const std::vector<double>& changed) const {
    const LayerSums& layer = layers_[l];
    const PairSums& pair = pairs_[l][c];
    const spec::LayerPrecision& row = candidates_.layers[l][c].row;
    std::vector<double> differences;
    double mean = 0, spread = 0;
    for (size_t i = 0; i < base.size(); ++i) differences.push_back(changed[i] - base[i]);
    const auto batches = static_cast<double>(base.size());
    for (const double difference : differences) mean += difference / batches;
    for (const double difference : differences) spread += (difference - mean) * (difference - mean);
    const at::Tensor& dw = pair.weight_change;
    const double squared = dw.square().sum(at::kDouble).item<double>();
    const at::Tensor& w = *FindMaster(row.layer);
    const double signal = w.square().sum(at::kDouble).item<double>();
    const auto weights = static_cast<double>(dw.numel());
    const Estimate estimate = EstimateOf(pair.terms);
    const Estimate expanded = EstimateOf(pair.expanded);
    const nlohmann::ordered_json line = {
        {"layer", row.layer},
        {"recipe", row.recipe},
        {"true", mean},
        {"true_error", std::sqrt(spread / (batches - 1) / batches)},
        {"predicted", estimate.loss_change},
        {"predicted_error", estimate.standard_error},
        {"expanded", expanded.loss_change},
        {"first", estimate.first_order},
        {"second", estimate.second_order},
        {"second_expanded", expanded.second_order},
        {"second_of_rows", pair.second_of_rows},
        {"empirical", pair.empirical},
        {"empirical_of_rows", pair.empirical_of_rows},
        {"weight_mse", squared / weights},
        {"noise_to_signal", squared / signal},
        {"gradient_times_change", std::abs((layer.gradient * dw).sum(at::kDouble).item<double>())},
        {"diagonal_fisher",
         0.5 * (layer.squared_gradient * dw.square()).sum(at::kDouble).item<double>()},
        {"hessian_trace", layer.trace / weights * squared},
        {"auto_quantize", pair.auto_quantize}};
    std::cout << line.dump() << std::endl;
  }

  const at::Tensor* FindMaster(const std::string& name) const {
    for (const QuantizedLayer* layer : parts_.model->layers())
      if (layer->name() == name) return &layer->master();
    return nullptr;
  }

  Parts& parts_;
  const spec::Candidates& candidates_;
  std::vector<LayerSums> layers_;
  std::vector<std::vector<PairSums>> pairs_;
};

int Run(char** argv) {
  Options options;
  options.document = argv[1];
  options.device = "cpu";
  options.variant = argv[3];
  options.seed = std::stoull(argv[4]);
  const SelectedRun selected = SelectRun(options);
  for (const std::string& problem : selected.problems) std::cerr << problem << '\n';
  if (!selected.problems.empty()) return 2;
  const LogHistory history;
  const StopCheck stop = NeverStop;
  const BuildInputs inputs{selected.run,
                           selected.document,
                           options,
                           history,
                           {std::filesystem::temp_directory_path() / "fp4lab"},
                           SystemClock(),
                           stop};
  StepContext context;
  auto checkpoint = OpenCheckpoint(argv[2], stop);
  if (!checkpoint.ok()) {
    std::cerr << checkpoint.status() << '\n';
    return 1;
  }
  auto parts =
      BuildForEvaluation(inputs, checkpoint->state_file(), checkpoint->manifest.step, context);
  if (!parts.ok()) {
    std::cerr << parts.status() << '\n';
    return 1;
  }
  Truth truth(**parts);
  truth.Predict();
  truth.Tell();
  return 0;
}

}  // namespace
}  // namespace fp4::trainer

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: sensitivity_truth RUN.json CHECKPOINT VARIANT SEED\n";
    return 2;
  }
  return fp4::trainer::Run(argv);
}
