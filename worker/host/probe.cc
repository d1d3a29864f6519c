#include "worker/host/probe.h"

#include <signal.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/version.h"

namespace fp4::worker {
namespace {

using Json = nlohmann::ordered_json;

// What the answer depends on: another binary, or another processor under the same directory, is
// measured anew.
absl::StatusOr<std::string> CacheKey(const ProbeOptions& options) {
  struct stat info {};
  if (stat(options.trainer.c_str(), &info) != 0) {
    return ErrnoStatus(errno,
                       absl::StrCat("the trainer ", options.trainer.string(), " (see --trainer)"));
  }
  return absl::StrCat(std::string(Version()), " ", std::string(GitRevision()), " ",
                      options.trainer.string(), " ", info.st_size, " ", info.st_mtim.tv_sec, ".",
                      info.st_mtim.tv_nsec, " ", options.processor);
}

absl::StatusOr<ProbeResult> ReadCache(const std::filesystem::path& file, const std::string& key) {
  FP4_ASSIGN_OR_RETURN(std::string text, ReadFile(file));
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("key", "") != key) return absl::NotFoundError("another key");
  return ParseProbe(json.value("probe", Json::object()).dump());
}

absl::StatusOr<ProcessEnd> RunToEnd(const SpawnRequest& request, const ProbeOptions& options,
                                    Processes& processes) {
  constexpr absl::Duration kPause = absl::Milliseconds(50);
  FP4_ASSIGN_OR_RETURN(ProcessIdentity process, processes.Spawn(request));
  absl::Duration waited;
  bool cancelled = false;
  while (true) {
    if (std::optional<ProcessEnd> end = processes.Poll(process)) {
      if (cancelled) return absl::CancelledError("asked to stop");
      if (waited > options.timeout) return absl::DeadlineExceededError("it took too long");
      return *end;
    }
    cancelled = options.pause(kPause) || cancelled;
    waited += kPause;
    if (cancelled || waited > options.timeout) processes.Signal(process, SIGKILL);
  }
}

}  // namespace

absl::StatusOr<ProbeResult> ParseProbe(std::string_view output) {
  Json json = Json::parse(output, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("cpu_compute_dtype") ||
      !json["cpu_compute_dtype"].is_string()) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a probe's answer: ", std::string(output.substr(0, 200))));
  }
  ProbeResult result{.cpu_compute_dtype = json["cpu_compute_dtype"].get<std::string>(),
                     .json = json.dump()};
  if (result.cpu_compute_dtype != "fp32" && result.cpu_compute_dtype != "bf16") {
    return absl::InvalidArgumentError(
        absl::StrCat("cpu_compute_dtype is '", result.cpu_compute_dtype, "'; allowed: fp32, bf16"));
  }
  return result;
}

absl::StatusOr<ProbeResult> Probe(const ProbeOptions& options, Processes& processes) {
  const std::filesystem::path cache = options.work_dir / "probe.json";
  FP4_ASSIGN_OR_RETURN(std::string key, CacheKey(options));
  if (absl::StatusOr<ProbeResult> kept = ReadCache(cache, key); kept.ok()) return kept;
  LogInfo("measuring this machine", {{"trainer", options.trainer.string()}});
  SpawnRequest request;
  request.arguments = {options.trainer.string(), "--probe"};
  request.working_folder = options.work_dir;
  request.stdout_file = options.work_dir / "probe.stdout";
  request.stderr_file = options.work_dir / "probe.stderr";
  std::filesystem::remove(request.stdout_file);
  std::filesystem::remove(request.stderr_file);
  FP4_ASSIGN_OR_RETURN(ProcessEnd end, RunToEnd(request, options, processes));
  if (end.exit_code != 0) {
    std::string words = ReadFileTail(request.stderr_file, 2048).value_or("");
    return absl::InternalError(absl::StrCat(options.trainer.string(), " --probe failed: ", words));
  }
  FP4_ASSIGN_OR_RETURN(std::string output, ReadFile(request.stdout_file));
  FP4_ASSIGN_OR_RETURN(ProbeResult result, ParseProbe(output));
  Json kept = {{"key", key}, {"probe", Json::parse(result.json)}};
  FP4_RETURN_IF_ERROR(ReplaceFile(cache, kept.dump(2) + "\n"));
  return result;
}

}  // namespace fp4::worker
