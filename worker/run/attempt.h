// Decisions about one attempt, pure: how its log goes on, what its trainer's command line is, how
// its end is judged.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "worker/host/process.h"
#include "worker/run/event_log.h"
#include "worker/run/lease.h"
#include "worker/run/run_directory.h"
#include "worker/types.h"

namespace fp4::worker {

struct LogPlan {
  bool set_aside = false;        // the log here is not what the controller's history goes on with
  int64_t trainer_next_seq = 1;  // of the first event that the trainer will write
};

// A new attempt goes on with the log of this run on this host where that leads on from what is
// stored: there is nothing undelivered in it, or the attempt that wrote the rest was the one
// before, so that no other host has written since.
LogPlan PlanLog(const LogSummary& log, const Assignment& assignment);

// Where one that is brought to this host lies; named as the trainer names them.
std::string LocalFolder(const CheckpointRef& checkpoint,
                        const std::filesystem::path& local_checkpoints);

// Where an attempt begins.
struct Beginning {
  std::string folder = "none";              // of a checkpoint that is here; "none": at step 0
  std::optional<CheckpointRef> fetch = {};  // the controller has a newer one: bring it here first
  bool operator==(const Beginning&) const = default;
};

// The newest checkpoint that can be had: a folder that holds a complete one (`is_readable`), or one
// that the controller holds and that has not been `given_up`. Only those count whose event is
// stored, or is in the log that is delivered first: what a silent attempt wrote here after its log
// was cut off is not of this history, for the steps before it would stay missing. One that was
// brought here lies in `local_checkpoints`.
Beginning ChooseBeginning(const LogSummary& log, const LogPlan& plan, const Assignment& assignment,
                          const std::filesystem::path& local_checkpoints,
                          const std::function<bool(const std::string&)>& is_readable,
                          const std::set<CheckpointKey>& given_up = {});

struct TrainerCommand {
  std::filesystem::path program;
  std::string resume_from;
  int64_t next_seq = 1;
};

// What fp4-train is started with. GPU slots are made the only visible devices, by UUID; a CPU slot
// sees none.
SpawnRequest MakeSpawnRequest(const TrainerCommand& command, const RunDirectory& directory,
                              int32_t attempt, const std::vector<Slot>& slots);

// How an attempt ended, from how its process did, what this worker did to it, and what the log says
// (for a process that was not our child, the only witness). The message says only what the other
// fields do not.
ExitReport JudgeExit(const ProcessEnd& end, const Ending& ending, const LogSummary& log,
                     int32_t attempt, std::string stderr_tail);

// What the host has to say about the end of an attempt.
struct HostWitness {
  absl::Status folder;      // of the work directory: CheckFolder
  bool lease_over = false;  // the deadline that the trainer reads has passed
};

// Whether an end that its trainer did not explain may be the host's fault, so that it is worth to
// ask: it died, or gave an exit status without a `finished` event, and this worker did not end it.
bool IsUnexplained(const ExitReport& report, const Ending& ending, const LogSummary& log,
                   int32_t attempt);

// An unexplained end in the light of the host: a full or broken disk, a lease that could not be
// written on time, a program that could not be loaded (exit status 126 or 127 before any event).
ExitReport WithHost(ExitReport report, const HostWitness& host, bool reported);

}  // namespace fp4::worker
