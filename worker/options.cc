#include "worker/options.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "base/own_program.h"
#include "base/status_macros.h"
#include "base/version.h"
#include "daemon/config_file.h"
#include "daemon/flags.h"

namespace fp4::worker {
namespace {

namespace fs = std::filesystem;

// As written.
struct Texts {
  std::string controller = "127.0.0.1:4404", http = "127.0.0.1:4406", work_dir, trainer,
              trainer_user;
  std::string keep_finished = "24h", grace = "30s", exit_idle, gpu_library = "libnvidia-ml.so.1";
  std::string config, log_file;
  wire::SecurityFiles security = wire::SecurityFilesOfEnvironment();
  std::vector<std::string> allowed_paths;
  int num_cpu_slots = 0;
  int64_t min_free_mib = 64, upload_mib_per_second = 100;
  bool insecure = false, version = false;
};

void Declare(CLI::App& app, Texts& texts) {
  app.add_option("--controller", texts.controller, "Address of the controller")
      ->capture_default_str();
  app.add_option("--work-dir", texts.work_dir,
                 "Run directories and this worker's own state; one worker each");
  app.add_option(
         "--slots", texts.num_cpu_slots,
         "CPU slots, each with an equal share of the cores. Default: none beside GPUs, else 1")
      ->check(CLI::Range(1, 1024));
  app.add_option("--http", texts.http, "Where to serve /metrics and /healthz; port 0 picks one")
      ->capture_default_str();
  app.add_option("--trainer", texts.trainer, "The trainer. Default: fp4-train beside this program");
  app.add_option(
      "--trainer-user", texts.trainer_user,
      "Run trainers as this user, who sees neither the worker's token nor its key; for a "
      "worker that runs as root. Default: whoever runs the worker");
  app.add_option(
      "--allow-path", texts.allowed_paths,
      "Folder that documents may name files in; repeatable. Default: / with a controller on this "
      "machine, else none");
  app.add_option(
         "--keep-finished", texts.keep_finished,
         "How long to keep the directory of a run (log, checkpoints) after its end is acknowledged")
      ->capture_default_str();
  app.add_option("--min-free-mib", texts.min_free_mib,
                 "Take no work while the work directory has less space left")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 30));
  app.add_option(
      "--exit-idle", texts.exit_idle,
      "End after so long without a run, for a worker that a batch system started. Default: "
      "never");
  app.add_option("--upload-mib-per-second", texts.upload_mib_per_second,
                 "How fast checkpoints are sent to the controller; 0: no limit")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 20));
  app.add_option("--grace", texts.grace, "From asking a trainer to stop until it is killed")
      ->capture_default_str();
  app.add_option("--nvml-library", texts.gpu_library,
                 "NVIDIA's management library, which finds the GPUs")
      ->capture_default_str();
  app.add_option("--config", texts.config,
                 "Read further flags from this file, a JSON object; those given here win");
  app.add_option("--log-file", texts.log_file,
                 "Write the log there instead of to stderr; opened anew when it has been moved");
  app.add_option("--token-file", texts.security.token,
                 "File with this worker's token, mode 0600. Default: FP4_TOKEN_FILE");
  app.add_option("--tls-authority", texts.security.authority,
                 "Speak TLS with the controller, and believe the certificates of this authority; "
                 "'system': those that the system knows. Default: FP4_TLS_AUTHORITY");
  app.add_option("--tls-certificate", texts.security.certificate,
                 "This worker's own certificate, which says who it is; read again when it changes");
  app.add_option("--tls-key", texts.security.key, "Its private key, with mode 0600");
  app.add_flag("--insecure", texts.insecure, "Allow plain text on addresses beyond this machine");
  app.add_flag("--version", texts.version, "Print the version and exit");
  app.footer(
      "The first SIGTERM or SIGINT stops the trainers with a checkpoint and reports that; a second "
      "one kills them.\n"
      "After a crash of the worker its trainers go on, and the next worker of the same directory "
      "adopts them.");
}

absl::StatusOr<HostPort> ParseAddress(std::string_view flag, const std::string& text,
                                      bool insecure) {
  absl::StatusOr<HostPort> address = ParseHostPort(text);
  if (!address.ok()) return daemon::Flagged(std::string(flag), address.status());
  if (!address->IsLoopback() && !insecure) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(flag), ": ", text,
                     " is beyond this machine, and the connection is "
                     "not encrypted; add --insecure to allow that",
                     flag == "--controller" ? ", or --tls-authority to encrypt it" : ""));
  }
  return address;
}

absl::StatusOr<Options> Check(const Texts& texts) {
  if (texts.work_dir.empty()) return absl::InvalidArgumentError("--work-dir is required");
  Options options;
  options.security = texts.security;
  FP4_ASSIGN_OR_RETURN(options.controller,
                       ParseAddress("--controller", texts.controller,
                                    texts.insecure || !texts.security.authority.empty()));
  FP4_ASSIGN_OR_RETURN(options.http, ParseAddress("--http", texts.http, texts.insecure));
  FP4_ASSIGN_OR_RETURN(
      options.keep_finished,
      daemon::ParseDurationFlag("--keep-finished", texts.keep_finished, absl::ZeroDuration()));
  FP4_ASSIGN_OR_RETURN(options.grace,
                       daemon::ParseDurationFlag("--grace", texts.grace, absl::ZeroDuration()));
  if (!texts.exit_idle.empty()) {
    FP4_ASSIGN_OR_RETURN(
        options.exit_idle,
        daemon::ParseDurationFlag("--exit-idle", texts.exit_idle, absl::ZeroDuration()));
    if (options.exit_idle < absl::Seconds(1))
      return absl::InvalidArgumentError("--exit-idle: at least 1s");
  }
  options.work_dir = fs::absolute(texts.work_dir).lexically_normal();
  // "DIR/" is "DIR".
  if (!options.work_dir.has_filename()) options.work_dir = options.work_dir.parent_path();
  options.trainer = fs::absolute(texts.trainer.empty() ? OwnProgram().parent_path() / "fp4-train"
                                                       : fs::path(texts.trainer));
  if (!texts.trainer_user.empty()) {
    absl::StatusOr<TrainerUser> user = FindTrainerUser(texts.trainer_user);
    if (!user.ok()) return daemon::Flagged("--trainer-user", user.status());
    options.trainer_user = *std::move(user);
  }
  options.num_cpu_slots = texts.num_cpu_slots;
  options.upload_bytes_per_second = texts.upload_mib_per_second << 20;
  options.min_free_bytes = texts.min_free_mib << 20;
  options.gpu_library = texts.gpu_library;
  options.log_file = texts.log_file;
  for (const std::string& path : texts.allowed_paths)
    options.allowed_paths.push_back(fs::absolute(path));
  if (texts.allowed_paths.empty() && options.controller.IsLoopback()) options.allowed_paths = {"/"};
  return options;
}

}  // namespace

absl::StatusOr<std::optional<Options>> ParseOptions(int argc, const char* const* argv) {
  CLI::App app("Runs trainers for an fp4lab controller, on the GPUs or cores of this machine.",
               "fp4-worker");
  Texts texts;
  Declare(app, texts);
  FP4_ASSIGN_OR_RETURN(const daemon::CommandLine line,
                       daemon::ReadCommandLine(argc, argv, daemon::FlagsOf(app)));
  try {
    std::vector<std::string> reversed(line.arguments.rbegin(), line.arguments.rend());
    app.parse(reversed);
  } catch (const CLI::CallForHelp& help) {
    std::cout << app.help();
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(line.WithPlace(error.what()));
  }
  if (texts.version) {
    std::cout << "fp4-worker " << Version() << " (" << GitRevision() << ")\n";
    return std::nullopt;
  }
  FP4_ASSIGN_OR_RETURN(Options options, Check(texts));
  return options;
}

}  // namespace fp4::worker
