#include "server/core/resumption.h"

#include "absl/strings/str_cat.h"
#include "base/reasons.h"

namespace fp4::core {

ResumptionFinding JudgeBeginning(const Beginning& beginning) {
  ResumptionFinding finding;
  finding.from_zero = beginning.resumed_from == 0 && beginning.highest_step > 0;
  finding.passed_over =
      beginning.checkpoint_step && beginning.resumed_from < *beginning.checkpoint_step;
  if (!finding.from_zero && !finding.passed_over) return finding;
  const bool from_zero = beginning.resumed_from == 0;
  finding.reason =
      std::string(from_zero ? reason::kRestartedFromZero : reason::kCheckpointPassedOver);
  finding.message = from_zero ? "begins at step 0 again"
                              : absl::StrCat("goes on from step ", beginning.resumed_from);
  if (finding.passed_over) {
    absl::StrAppend(&finding.message, ": the stored checkpoint of step ",
                    *beginning.checkpoint_step, " could not be read on this worker (",
                    beginning.checkpoint_path, ")");
  } else {
    absl::StrAppend(&finding.message, ": step ", beginning.highest_step,
                    " had been reached, but no checkpoint was stored");
  }
  return finding;
}

}  // namespace fp4::core
