// Workers as jobs of Slurm, by its own programs: sbatch, squeue, scancel.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/provision/engine.h"

namespace fp4::provision {

struct SlurmOptions {
  std::string job_name = {};  // this controller's own; how its jobs are found again
  std::vector<std::string> sbatch_options =
      {};  // "--partition=gpu", "--gres=gpu:1", "--time=4:00:00"
  std::vector<std::string> worker_command = {};  // fp4-worker and its flags, but for --work-dir
  std::filesystem::path work_root = {};          // each job's work directory is a folder of it
  std::filesystem::path log_folder = {};         // what jobs print
};

class Slurm : public Engine {
 public:
  explicit Slurm(SlurmOptions options) : options_(std::move(options)) {}

  std::string_view name() const override { return "slurm"; }
  // sbatch, with the script of BatchScript on its standard input.
  absl::StatusOr<std::string> Submit() override;
  // squeue. A job that is about to end counts no more.
  absl::StatusOr<std::vector<PilotJob>> List() override;
  absl::Status Cancel(const std::vector<std::string>& ids) override;

 private:
  const SlurmOptions options_;
};

// The batch script: it becomes the worker. Before a job's end by its time limit Slurm is asked for
// a SIGTERM two minutes ahead, so that trainers can write checkpoints; options that come later on
// sbatch's command line are stronger.
std::string BatchScript(const SlurmOptions& options);

// Lines of `squeue --format=%i|%T|%M`: job, state, time of running ([days-][[hours:]minutes:]
// seconds). INTERNAL for a line that is none of these.
absl::StatusOr<std::vector<PilotJob>> ParseQueue(const std::string& text);

}  // namespace fp4::provision
