#include "server/options.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/duration.h"
#include "base/status_macros.h"
#include "base/version.h"

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

struct Texts {
  std::string data_dir, listen = "127.0.0.1:4404", http = "127.0.0.1:4405", lease_ttl = "30s";
  std::string preempt_after = "1m", reserve_after = "1m";
  std::vector<std::string> allow_paths, http_names, project_limits;
  bool insecure = false;
};

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
  app.add_option("--allow-path", texts.allow_paths,
                 "Folder that documents may read from; repeatable. Default: / when listening on "
                 "loopback only, else none")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_flag("--insecure", texts.insecure,
               "Allow addresses that other machines can reach: there is no TLS and no login yet");
}

absl::StatusOr<HostPort> ParseAddress(const char* flag, const std::string& text, bool insecure) {
  absl::StatusOr<HostPort> address = ParseHostPort(text);
  if (!address.ok())
    return absl::InvalidArgumentError(absl::StrCat(flag, ": ", address.status().message()));
  if (!address->IsLoopback() && !insecure) {
    return absl::InvalidArgumentError(absl::StrCat(
        flag, ": other machines can reach ", text,
        ", and there is no TLS and no login yet; add --insecure in a network that you trust"));
  }
  return address;
}

absl::StatusOr<absl::Duration> ParsePatience(const char* flag, const std::string& text) {
  absl::StatusOr<absl::Duration> patience =
      ParseDurationBetween(text, absl::ZeroDuration(), absl::Hours(24 * 30));
  if (patience.ok()) return patience;
  return absl::InvalidArgumentError(
      absl::StrCat(flag, ": ", std::string(patience.status().message())));
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
    FP4_ASSIGN_OR_RETURN(policy.min_runtime, ParsePatience("--preempt-after", texts.preempt_after));
  }
  FP4_ASSIGN_OR_RETURN(policy.reserve_after, ParsePatience("--reserve-after", texts.reserve_after));
  for (const std::string& text : texts.project_limits) {
    FP4_RETURN_IF_ERROR(AddProjectLimit(text, policy));
  }
  return policy;
}

absl::StatusOr<Options> Interpret(const Texts& texts) {
  Options options;
  options.data_dir = texts.data_dir;
  absl::StatusOr<HostPort> listen = ParseAddress("--listen", texts.listen, texts.insecure);
  if (!listen.ok()) return listen.status();
  options.listen = *listen;
  absl::StatusOr<HostPort> http = ParseAddress("--http", texts.http, texts.insecure);
  if (!http.ok()) return http.status();
  options.http = *http;
  for (const std::string& name : texts.http_names) {
    options.http_names.push_back(absl::AsciiStrToLower(name));
  }
  absl::StatusOr<absl::Duration> lease_ttl =
      ParseDurationBetween(texts.lease_ttl, absl::Seconds(2), absl::Hours(24 * 30));
  if (!lease_ttl.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--lease-ttl: ", std::string(lease_ttl.status().message())));
  }
  options.lease_ttl = *lease_ttl;
  FP4_ASSIGN_OR_RETURN(options.policy, ReadPolicy(texts));
  options.allowed_roots.assign(texts.allow_paths.begin(), texts.allow_paths.end());
  if (options.allowed_roots.empty() && options.listen.IsLoopback()) options.allowed_roots = {"/"};
  return options;
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  CLI::App app(kDescription, "fp4-controller");
  Texts texts;
  Declare(app, texts);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked_for = error.get_exit_code() == 0;  // --help, --version
    app.exit(error);
    return {std::nullopt, asked_for ? kExitOk : kExitUsage};
  }
  absl::StatusOr<Options> options = Interpret(texts);
  if (options.ok()) return {*std::move(options), kExitOk};
  std::cerr << "fp4-controller: " << options.status().message() << "\n";
  return {std::nullopt, kExitUsage};
}

}  // namespace fp4::server
