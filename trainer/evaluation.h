#pragma once

#include <ostream>

#include "base/stop_check.h"
#include "trainer/run/options.h"
#include "trainer/run/select_run.h"

namespace fp4::trainer {

// fp4-train --evaluate: measures the weights of options.evaluate, a checkpoint's folder or a
// safetensors file, under the precision, on the data and in the types of the selected run
// (post-training quantization, where they were trained otherwise), and writes the metrics to `out`,
// as a table or as JSON. Learned scales are taken from the file where it has them. Where precision
// follows a schedule, that of the checkpoint's step holds, 0 where the file does not say it; layers
// that were switched by what was measured are taken as the checkpoint says.
// Nothing is written anywhere but to the cache of tokenized text. The exit status: 0, 3 when `stop`
// asked for an end, else as Failed gives it, all said on stderr.
int EvaluateCheckpoint(const Options& options, const SelectedRun& selected, const StopCheck& stop,
                       std::ostream& out);

}  // namespace fp4::trainer
