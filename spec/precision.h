// From the section "precision" to the table of what is quantized where.
#pragma once

#include "spec/problems.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// The table, and how it changes while the run trains.
struct ResolvedPrecision {
  std::vector<LayerPrecision> layers;
  std::vector<PrecisionPhase> phases;         // by ascending from_step
  std::vector<AttentionPrecision> attention;  // what rules say of scores and probabilities
  std::vector<LayerPrecision> adaptive_high;  // rows of the layers that "adaptive" watches
  bool adaptive = false, de_oscillation = false;
  BudgetSpec budget;            // as run.budget, and what it decides on
  SensitivitySpec sensitivity;  // likewise
};

// `precision` is the section of the document, canonical (fields in the table's order: operands
// before GEMMs); parts of it that do not fit their types are passed over (Check has reported them).
// `run` gives the model and the batch; `sensitivity` is that section, null where it is left out.
// The table is whole even when there are problems.
ResolvedPrecision ResolvePrecision(const Node& precision, const Node* sensitivity,
                                   const RunSpec& run, Problems& problems);

// Puts what was resolved into the run.
void TakePrecision(ResolvedPrecision precision, RunSpec& run);

}  // namespace fp4::spec
