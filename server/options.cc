#include "server/options.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/command.h"
#include "base/own_program.h"
#include "base/status_macros.h"
#include "base/version.h"
#include "daemon/config_file.h"
#include "daemon/flags.h"

namespace fp4::server {
namespace {

constexpr char kDescription[] =
    "fp4-controller: takes experiments, gives their runs to workers, keeps what they report.\n"
    "Serves gRPC for fp4ctl and fp4-worker; a page, its API, /metrics and /healthz over HTTP. Once "
    "both ports\n"
    "listen, DIR/endpoints.json names them.";

constexpr char kFooter[] =
    "Exit status: 0 stopped by SIGTERM or SIGINT; 1 it could not start or go on (the reason is "
    "the\n"
    "last line on stderr); 2 wrong usage.\n"
    "Logs go to stderr, one JSON object a line.";

struct SlurmTexts {
  std::string engine, options, worker, work_dir, controller, idle = "1m";
  int64_t max_workers = 1, slots = 1;
};

struct Texts {
  std::string data_dir, listen = "127.0.0.1:4404", http = "127.0.0.1:4405", lease_ttl = "30s";
  std::string preempt_after = "1m", reserve_after = "1m";
  std::vector<std::string> allow_paths, backup_paths, http_names, project_limits;
  std::string artifacts, config, log_file, restore;
  std::string tls_certificate, tls_key, tls_authority, admin_token;
  double artifact_quota_gib = 0;
  int64_t min_free_mib = 256;
  bool insecure = false;
  SlurmTexts slurm;
};

void DeclareSlurm(CLI::App& app, SlurmTexts& texts) {
  CLI::Option* engine = app.add_option("--provision", texts.engine,
                                       "Start workers as the queue needs them, on: slurm")
                            ->check(CLI::IsMember({"slurm"}))
                            ->type_name("ENGINE");
  const auto add = [&](const char* name, auto& target, const char* help, const char* type) {
    app.add_option(name, target, help)
        ->type_name(type)
        ->needs(engine)
        ->capture_default_str()
        ->group("Workers as jobs of Slurm (with --provision slurm)");
  };
  add("--slurm-max-workers", texts.max_workers, "Jobs at a time, waiting ones included", "N");
  add("--slurm-options", texts.options,
      "Of sbatch, for each job: \"--partition=gpu --gres=gpu:1 --time=4:00:00\"", "OPTIONS");
  add("--slurm-slots", texts.slots, "Slots that such a worker has, to know how many are needed",
      "N");
  add("--slurm-worker", texts.worker,
      "The worker's program on the nodes, with flags of its own. Default: fp4-worker beside this "
      "program",
      "COMMAND");
  add("--slurm-work-dir", texts.work_dir,
      "Folder of the jobs' work directories and logs, best on a disk that all nodes share. "
      "Default: "
      "slurm in the data directory",
      "DIR");
  add("--slurm-controller", texts.controller,
      "This controller as the nodes reach it. Default: the address of --listen", "HOST:PORT");
  add("--slurm-idle", texts.idle, "A worker that has had no run for so long ends", "DURATION");
}

void DeclareSecurity(CLI::App& app, Texts& texts) {
  const auto add = [&](const char* name, std::string& target, const char* help) {
    return app.add_option(name, target, help)->type_name("FILE")->group("Who may call");
  };
  CLI::Option* certificate = add("--tls-certificate", texts.tls_certificate,
                                 "Speak TLS on both addresses, with this certificate; read again "
                                 "when it changes");
  CLI::Option* key = add("--tls-key", texts.tls_key, "Its private key, with mode 0600");
  certificate->needs(key);
  key->needs(certificate);
  add("--tls-authority", texts.tls_authority,
      "Whose certificates are believed that workers bring; default: they need tokens")
      ->needs(certificate);
  add("--create-admin-token", texts.admin_token,
      "Make a token of an administrator in this new file, and end: the first one, or one after all "
      "were lost. The controller must not run");
}

void DeclareScheduling(CLI::App& app, Texts& texts) {
  app.add_option("--lease-ttl", texts.lease_ttl,
                 "How long a worker may be silent before its runs go to others")
      ->type_name("DURATION")
      ->capture_default_str();
  app.add_option("--preempt-after", texts.preempt_after,
                 "How long a run keeps its slots before one of higher priority may take them; "
                 "'never': no run makes room")
      ->type_name("DURATION")
      ->capture_default_str();
  app.add_option("--reserve-after", texts.reserve_after,
                 "How long a run that wants several slots waits before free ones are kept for it")
      ->type_name("DURATION")
      ->capture_default_str();
  app.add_option("--project-limit", texts.project_limits,
                 "Slots that the runs of a project hold together at most; repeatable")
      ->type_name("NAME=SLOTS")
      ->allow_extra_args(false);
}

void DeclareStorage(CLI::App& app, Texts& texts) {
  app.add_option("--allow-path", texts.allow_paths,
                 "Folder that documents may read from; repeatable. Default: / when listening on "
                 "loopback only, else none")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_option("--artifacts", texts.artifacts,
                 "Folder of the checkpoints that workers send. Default: DIR/artifacts")
      ->type_name("DIR");
  app.add_option(
         "--artifact-quota", texts.artifact_quota_gib,
         "What those may take together; checkpoints of completed runs make room, the oldest "
         "first. Default: no limit")
      ->type_name("GIB")
      ->check(CLI::Range(0.0, 1e9));
  app.add_option("--min-free-mib", texts.min_free_mib,
                 "Take no new experiments and no checkpoints while the disk has less space left")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 30));
  app.add_option("--backup-path", texts.backup_paths,
                 "Folder that `fp4ctl admin backup` may write below; repeatable. Default: / when "
                 "listening on loopback only, else none")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_option("--restore", texts.restore,
                 "Begin with this backup; the data directory must have no database yet")
      ->type_name("BACKUP");
}

void Declare(CLI::App& app, Texts& texts) {
  app.footer(kFooter);
  app.set_version_flag("--version", absl::StrCat("fp4-controller ", std::string(Version()), " (",
                                                 std::string(GitRevision()), ")"));
  app.add_option("--data-dir", texts.data_dir, "Folder of the database; made if absent")
      ->required()
      ->type_name("DIR");
  app.add_option("--listen", texts.listen, "Address for gRPC; port 0 picks one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--http", texts.http,
                 "Address for the page, its API, metrics and health; port 0 picks one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--http-name", texts.http_names,
                 "Name under which browsers reach --http, where it is not this host's; repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false);
  DeclareScheduling(app, texts);
  DeclareStorage(app, texts);
  app.add_option("--config", texts.config,
                 "Read further flags from this file, a JSON object; those given here win")
      ->type_name("FILE");
  app.add_option("--log-file", texts.log_file,
                 "Write the log there instead of to stderr; opened anew when it has been moved")
      ->type_name("FILE");
  app.add_flag("--insecure", texts.insecure,
               "Allow plain text, and calls without an identity, on addresses that other machines "
               "can reach");
  DeclareSecurity(app, texts);
  DeclareSlurm(app, texts.slurm);
}

absl::StatusOr<HostPort> ParseAddress(const char* flag, const std::string& text, bool allowed) {
  absl::StatusOr<HostPort> address = ParseHostPort(text);
  if (!address.ok()) return daemon::Flagged(flag, address.status());
  if (!address->IsLoopback() && !allowed) {
    return absl::InvalidArgumentError(absl::StrCat(
        flag, ": other machines can reach ", text,
        ", and there is no TLS: give --tls-certificate and --tls-key (`fp4ctl admin certificates` "
        "makes some), or add --insecure in a network that you trust"));
  }
  return address;
}

// Longer than this is a mistake of units, for all durations of a controller.
constexpr absl::Duration kLongestWait = absl::Hours(24 * 30);

absl::StatusOr<absl::Duration> ParseDuration(const char* flag, const std::string& text,
                                             absl::Duration min) {
  return daemon::ParseDurationFlag(flag, text, min, kLongestWait);
}

absl::Status AddProjectLimit(const std::string& text, core::SchedulingPolicy& policy) {
  const size_t equals = text.find('=');
  int64_t slots = 0;
  const bool fits = equals != std::string::npos && equals > 0 &&
                    absl::SimpleAtoi(text.substr(equals + 1), &slots) && slots >= 0;
  if (!fits) {
    return absl::InvalidArgumentError(
        absl::StrCat("--project-limit: '", text, "' is not NAME=SLOTS, such as team=4"));
  }
  if (policy.project_slots.emplace(text.substr(0, equals), slots).second) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--project-limit: '", text.substr(0, equals), "' is given twice"));
}

absl::StatusOr<core::SchedulingPolicy> ReadPolicy(const Texts& texts) {
  core::SchedulingPolicy policy;
  if (texts.preempt_after == "never") {
    policy.min_runtime = absl::InfiniteDuration();
  } else {
    FP4_ASSIGN_OR_RETURN(policy.min_runtime, ParseDuration("--preempt-after", texts.preempt_after,
                                                           absl::ZeroDuration()));
  }
  FP4_ASSIGN_OR_RETURN(policy.reserve_after,
                       ParseDuration("--reserve-after", texts.reserve_after, absl::ZeroDuration()));
  for (const std::string& text : texts.project_limits) {
    FP4_RETURN_IF_ERROR(AddProjectLimit(text, policy));
  }
  return policy;
}

absl::StatusOr<provision::Settings> InterpretSlurm(const SlurmTexts& texts) {
  provision::Settings settings;
  for (const auto& [flag, number] : {std::pair("--slurm-max-workers", texts.max_workers),
                                     std::pair("--slurm-slots", texts.slots)}) {
    if (number >= 1 && number <= 100'000) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": is ", number, "; allowed: 1 to 100000"));
  }
  settings.limits.max_workers = texts.max_workers;
  settings.limits.slots_per_worker = texts.slots;
  absl::StatusOr<std::vector<std::string>> options = SplitWords(texts.options);
  if (!options.ok()) return daemon::Flagged("--slurm-options", options.status());
  settings.sbatch_options = *std::move(options);
  absl::StatusOr<std::vector<std::string>> worker = SplitWords(texts.worker);
  if (!worker.ok()) return daemon::Flagged("--slurm-worker", worker.status());
  settings.worker_command = *std::move(worker);
  if (settings.worker_command.empty())
    settings.worker_command = {(OwnProgram().parent_path() / "fp4-worker").string()};
  if (!texts.work_dir.empty()) settings.work_root = std::filesystem::absolute(texts.work_dir);
  if (!texts.controller.empty()) {
    absl::StatusOr<HostPort> address = ParseHostPort(texts.controller);
    if (!address.ok()) return daemon::Flagged("--slurm-controller", address.status());
    settings.controller = texts.controller;
  }
  FP4_ASSIGN_OR_RETURN(settings.idle, ParseDuration("--slurm-idle", texts.idle, absl::Seconds(1)));
  return settings;
}

absl::StatusOr<Options> Interpret(const Texts& texts) {
  Options options;
  options.data_dir = texts.data_dir;
  const bool protected_or_trusted = texts.insecure || !texts.tls_certificate.empty();
  absl::StatusOr<HostPort> listen = ParseAddress("--listen", texts.listen, protected_or_trusted);
  if (!listen.ok()) return listen.status();
  options.listen = *listen;
  absl::StatusOr<HostPort> http = ParseAddress("--http", texts.http, protected_or_trusted);
  if (!http.ok()) return http.status();
  options.http = *http;
  for (const std::string& name : texts.http_names) {
    options.http_names.push_back(absl::AsciiStrToLower(name));
  }
  FP4_ASSIGN_OR_RETURN(options.lease_ttl,
                       ParseDuration("--lease-ttl", texts.lease_ttl, absl::Seconds(2)));
  FP4_ASSIGN_OR_RETURN(options.policy, ReadPolicy(texts));
  if (!texts.slurm.engine.empty()) {
    absl::StatusOr<provision::Settings> slurm = InterpretSlurm(texts.slurm);
    if (!slurm.ok()) return slurm.status();
    options.slurm = *std::move(slurm);
  }
  options.allowed_roots.assign(texts.allow_paths.begin(), texts.allow_paths.end());
  options.backup_roots.assign(texts.backup_paths.begin(), texts.backup_paths.end());
  if (options.allowed_roots.empty() && options.listen.IsLoopback()) options.allowed_roots = {"/"};
  if (options.backup_roots.empty() && options.listen.IsLoopback()) options.backup_roots = {"/"};
  options.artifact_folder = texts.artifacts;
  options.artifact_quota_bytes = static_cast<int64_t>(texts.artifact_quota_gib * (1 << 30));
  options.min_free_bytes = texts.min_free_mib << 20;
  options.restore = texts.restore;
  if (!texts.tls_certificate.empty()) {
    options.tls = {.certificate = texts.tls_certificate,
                   .key = texts.tls_key,
                   .authority = texts.tls_authority};
  }
  const bool local = options.listen.IsLoopback() && options.http.IsLoopback();
  options.ask_identity = !local && !texts.insecure;
  options.admin_token = texts.admin_token;
  options.log_file = texts.log_file;
  return options;
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  CLI::App app(kDescription, "fp4-controller");
  Texts texts;
  Declare(app, texts);
  absl::StatusOr<daemon::CommandLine> line =
      daemon::ReadCommandLine(argc, argv, daemon::FlagsOf(app));
  if (!line.ok()) {
    std::cerr << "fp4-controller: " << line.status().message() << "\n";
    return {std::nullopt, kExitUsage};
  }
  try {
    std::vector<std::string> reversed(line->arguments.rbegin(), line->arguments.rend());
    app.parse(reversed);
  } catch (const CLI::Success& asked_for) {  // --help, --version
    app.exit(asked_for);
    return {std::nullopt, kExitOk};
  } catch (const CLI::ParseError& error) {
    std::cerr << line->WithPlace(error.what()) << "\nRun with --help for more information.\n";
    return {std::nullopt, kExitUsage};
  }
  absl::StatusOr<Options> options = Interpret(texts);
  if (options.ok()) return {*std::move(options), kExitOk};
  std::cerr << "fp4-controller: " << options.status().message() << "\n";
  return {std::nullopt, kExitUsage};
}

}  // namespace fp4::server
