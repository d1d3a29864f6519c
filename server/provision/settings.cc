#include "server/provision/settings.h"

#include "absl/strings/str_cat.h"
#include "base/sha256.h"

namespace fp4::provision {

SlurmOptions MakeSlurmOptions(const Settings& settings, const std::filesystem::path& data_dir,
                              const HostPort& served) {
  const std::filesystem::path folder = std::filesystem::absolute(data_dir).lexically_normal();
  const std::string controller =
      settings.controller.empty() ? served.ToString() : settings.controller;
  SlurmOptions options;
  options.job_name = absl::StrCat("fp4-worker-", Sha256Hex(folder.string()).substr(0, 8));
  options.sbatch_options = settings.sbatch_options;
  options.worker_command = settings.worker_command;
  for (std::string word :
       {std::string("--controller"), controller, std::string("--http"), std::string("127.0.0.1:0"),
        std::string("--exit-idle"), absl::FormatDuration(settings.idle)})
    options.worker_command.push_back(std::move(word));
  const absl::StatusOr<HostPort> address = ParseHostPort(controller);
  if (!address.ok() || !address->IsLoopback()) options.worker_command.emplace_back("--insecure");
  options.work_root = settings.work_root.empty() ? folder / "slurm" : settings.work_root;
  options.log_folder = options.work_root;
  return options;
}

}  // namespace fp4::provision
