#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/render/table.h"
#include "client/watch/board.h"

namespace fp4::client {

// The live picture of a watch: a title line, a line for each run with bar, step, losses, speed and
// time left, then the findings. At most `height` lines (0: no limit); runs that do not fit are
// counted in one line, the active ones stay.
std::vector<std::string> RenderProgress(const Board& board, absl::Time now, int height,
                                        const Layout& layout);

// How far a run is, in the colour of its state.
Cell ProgressBar(int64_t step, int64_t total_steps, v1::RunState state, bool unicode);

// "3 completed, 1 failed, 2 running".
std::string CountStates(const std::vector<RunProgress>& runs);

}  // namespace fp4::client
