// What the ends of attempts say about the worker on which they ran. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/time/time.h"

namespace fp4::core {

// Whose fault the end of an attempt was.
enum class Blame : uint8_t {
  kNobody,   // it did its work, or was stopped on purpose
  kRun,      // its document, its program, its limits: it would end so anywhere
  kWorker,   // it could not be started, or the machine failed it
  kUnknown,  // it died, and nothing says of what
};

// Times are Clock::SinceBoot.
struct WorkerStanding {
  int32_t num_bad_ends = 0;    // in a row
  std::set<std::string> runs;  // of those ends
  // Experiments of which a run failed here through its own fault, as it seems, since one did well.
  std::set<std::string> failed_experiments;
  std::string last;  // what the last one said
  // It gets no work before; infinitely long ago: it has not been paused since it last did well.
  absl::Duration paused_until = -absl::InfiniteDuration();

  // It was paused, and has not shown since that it can train: it gets one run at a time.
  bool on_probation() const { return paused_until > -absl::InfiniteDuration(); }
};

// One attempt that ended on the worker without bringing its run further.
struct BadEnd {
  std::string run_id, experiment_id = {};
  Blame blame = Blame::kUnknown;
  bool failed_elsewhere = false;  // the run has ended so on another worker too: it may be the run
  std::string what;               // for people
};

// Runs that fail through their own fault say nothing about the worker, unless those of three
// different experiments do so one after the other and nothing does well: a worker that fails
// whatever it gets looks so, and it is paused from then on.
//
// The worker's fault pauses it at once. Ends of unknown cause do from the third in a row on, if
// they are of at least two runs that have not failed elsewhere. The pause is 1 s after the first
// end that pauses, doubles with each further one, and is at most 5 min.
void NoteBadEnd(WorkerStanding& standing, const BadEnd& end, absl::Duration now);

// An attempt on the worker brought its run further.
void NoteProgress(WorkerStanding& standing);

}  // namespace fp4::core
