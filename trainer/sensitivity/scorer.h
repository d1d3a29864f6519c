// Predicted changes of the loss, if one layer were computed under another recipe.
//
// With g the gradient of the mean loss over the N targets of a micro-batch at the layer's output,
// and d what the recipe changes of that output, the loss changes by
//   <g, d>  +  1/2 <d, H d>,
// H the Gauss-Newton matrix of the mean loss at the output. Targets that the model draws itself
// have gradients g' whose covariance is that matrix, and those of different targets are
// independent: with u'_r the sum of g' d over the rows of record r, N u'_r^2 summed over the
// records has <d, H d> as its mean. Records are independent samples, which gives the standard
// errors. Where a model follows changes to its logits both orders are exact there
// (trainer/sensitivity/record_terms.h). A first order within two of its standard errors is noise,
// counts for nothing (spec::Shrunk).
//
// With PerturbationParts::from_exact d is the change from the unquantized layer, and the score is
// the second order alone: what the format costs, whichever of them the layer is trained in
// (docs/sensitivity.md).
#pragma once

#include <span>
#include <vector>

#include "spec/score_table.h"
#include "trainer/sensitivity/directions.h"
#include "trainer/sensitivity/perturbation.h"
#include "trainer/sensitivity/record_terms.h"

namespace fp4::trainer {

// Of one layer under one candidate: for each record its share, scaled so that the mean over
// records is the term.
struct TermSamples {
  std::vector<double> first, second;
  double gradient_divergence = 0;  // sum over micro-batches
  int64_t micro_batches = 0;       // 0: no gradient reaches the layer
};

// The mean over what was measured. standard_error: of the sum of both orders, neither shrunk.
struct Estimate {
  double loss_change = 0, standard_error = 0, first_order = 0, second_order = 0;
};
Estimate EstimateOf(const TermSamples& samples);

// Followed to the logits where the model does that, else expanded.
RecordTerms TermsOf(const Perturbation& seen, int64_t records, int64_t targets);

// Adds each record's terms to those of the records before.
void AppendTerms(const RecordTerms& of_batch, TermSamples& terms);

// Adds the terms of a change of the output (rows, out) at a place, of one half's records alone.
void AddRecordTerms(const PlaceTensors& seen, const at::Tensor& change, int half,
                    TermSamples& terms);

// What was measured: by layer and candidate, as in spec::Candidates::layers.
struct Measurement {
  std::vector<std::vector<TermSamples>> samples;
  int64_t micro_batches = 0, targets = 0;
};

// Not thread-safe.
class Scorer {
 public:
  Scorer(const PerturbationParts& parts, int64_t targets_per_record)
      : parts_(parts), targets_per_record_(targets_per_record) {}

  // Measures on each of the batches by itself. The model, its gradients and parts.context are
  // afterwards as they were, to the bit. `draw`: names the random numbers; another one for each
  // call.
  std::vector<Measurement> Measure(std::span<const Batch> batches, double loss_scale,
                                   uint64_t draw) const;

 private:
  Measurement MeasureOne(const Batch& batch, double loss_scale, uint64_t draw) const;
  // |G_f - G| / |G| of the weight's gradient, G_f as the candidate's wgrad computes it.
  double GradientDivergence(const Perturbation& seen) const;

  const PerturbationParts parts_;
  const int64_t targets_per_record_;
};

// All of them as one.
Measurement Joined(std::span<const Measurement> measurements);

// `current`: the recipe that each layer has, by layer.
spec::ScoreTable TableOf(const Measurement& measurement, const spec::Candidates& candidates,
                         spec::ComputeDtype compute_dtype, const Model& model, int64_t step);

}  // namespace fp4::trainer
