// Where an attempt began, against what is stored of its run: work that is done again is never
// passed over in silence. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fp4::core {

struct Beginning {
  int64_t resumed_from = 0;                // the step that it went on from; 0: from the beginning
  int64_t highest_step = 0;                // reported by the attempts before
  std::optional<int64_t> checkpoint_step;  // of the newest stored checkpoint
  std::string checkpoint_path;
};

struct ResumptionFinding {
  bool from_zero = false;    // although steps had been made
  bool passed_over = false;  // the newest stored checkpoint was not used
  std::string reason;        // a string of base/reasons.h; empty: there is nothing to say
  std::string message;       // for people
};

ResumptionFinding JudgeBeginning(const Beginning& beginning);

}  // namespace fp4::core
