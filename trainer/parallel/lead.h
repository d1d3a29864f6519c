#pragma once

#include "trainer/build.h"
#include "trainer/train.h"

namespace fp4::trainer {

// Train by several processes, of which this is the first: starts the others, as children of this
// process that build the same parts, and trains with them. The first alone tells the log, evaluates
// and writes checkpoints. `parts` is built; what stops this process's training stops them all.
//
// Errors beyond those of Train: the one that another process ended with, with its number; UNKNOWN
// where that says nothing (a signal ended it), for which nobody has written `finished`.
absl::StatusOr<Outcome> LeadGroup(Parts& parts, const Options& options, EventLog& log,
                                  const StopCheck& stop);

}  // namespace fp4::trainer
