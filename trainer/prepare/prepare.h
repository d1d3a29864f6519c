// fp4-train prepare: text into token files.
#pragma once

#include <ostream>

#include "base/clock.h"
#include "base/stop_check.h"
#include "trainer/prepare/options.h"

namespace fp4::trainer {

// Where it says what.
struct PrepareOutput {
  std::ostream& out;         // what was made, and what to write into a document
  std::ostream& progress;    // how far it has come, and errors
  bool is_terminal = false;  // `progress`: one line that is written over, else a line a file
};

// The exit status: 0 all is there, 3 when `stop` asked for an end, else as Failed gives it. Every
// file of the folder is whole or not there, whenever the program ends.
int Prepare(const PrepareOptions& options, const Clock& clock, const StopCheck& stop,
            const PrepareOutput& output);

}  // namespace fp4::trainer
