#pragma once

#include <ostream>

#include "base/stop_check.h"
#include "trainer/run/options.h"
#include "trainer/run/select_run.h"

namespace fp4::trainer {

// fp4-train --sensitivity: predicts on the validation data of the selected run what each layer of
// the weights in options.sensitivity would cost the loss under the recipes of the document's
// `sensitivity`, and writes the table to `out`, as text or as JSON. All else as EvaluateCheckpoint.
int WriteSensitivityTable(const Options& options, const SelectedRun& selected,
                          const StopCheck& stop, std::ostream& out);

// fp4-train --advise: the same weights, for what more bits, units and layers would gain there, and
// the change of the document that makes each move.
int WriteAdvice(const Options& options, const SelectedRun& selected, const StopCheck& stop,
                std::ostream& out);

}  // namespace fp4::trainer
