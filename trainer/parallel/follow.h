#pragma once

#include "trainer/run/options.h"
#include "trainer/run/select_run.h"

namespace fp4::trainer {

// What process options.rank, from 1, of several that train one run does: builds what the first has
// built, as that has settled it (trainer/parallel/group_folder.h), and trains with it. It writes
// neither events nor checkpoints; what it ends with goes to the first by its last words. The first
// alone takes signals: this process ignores those that ask for a stop, and dies with the first.
int FollowGroup(const Options& options, SelectedRun selected);

}  // namespace fp4::trainer
