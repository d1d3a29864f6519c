// What the command line says about workers on a cluster.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/host_port.h"
#include "server/provision/pilot_planner.h"
#include "server/provision/slurm.h"

namespace fp4::provision {

struct Settings {
  PilotLimits limits = {};
  std::vector<std::string> sbatch_options = {};
  std::vector<std::string> worker_command = {};  // fp4-worker, with flags of its own
  std::filesystem::path work_root = {};          // empty: DATA_DIR/slurm
  std::string controller = {};                   // as workers reach it; empty: where it listens
  absl::Duration idle = absl::Minutes(1);        // a worker without a run ends after so long
};

// `served`: where the controller listens. The job's name holds the data directory's identity: two
// controllers of one cluster do not take each other's jobs.
SlurmOptions MakeSlurmOptions(const Settings& settings, const std::filesystem::path& data_dir,
                              const HostPort& served);

}  // namespace fp4::provision
