#include "server/provision/slurm.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/command.h"
#include "base/status_macros.h"

namespace fp4::provision {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);

// What the program printed; its error text when it failed.
absl::StatusOr<std::string> Ask(const std::vector<std::string>& argv, const std::string& input) {
  FP4_ASSIGN_OR_RETURN(const CommandResult result, RunCommand(argv, input, kTimeout));
  if (result.exit_status == 0) return result.out;
  const std::string told(absl::StripAsciiWhitespace(result.err));
  return absl::UnavailableError(absl::StrCat(argv[0], " ended with status ", result.exit_status,
                                             told.empty() ? "" : ": ", told));
}

// For a shell: nothing in the word is expanded.
std::string Quoted(const std::string& word) {
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

absl::StatusOr<absl::Duration> ParseRunningTime(const std::string& text) {
  if (text == "INVALID") return absl::ZeroDuration();  // squeue's, of a clock that was set
  int64_t days = 0;
  const std::vector<std::string> halves = absl::StrSplit(text, '-');
  bool valid = halves.size() <= 2 && (halves.size() == 1 || absl::SimpleAtoi(halves[0], &days));
  int64_t seconds = 0;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(halves.back(), ':'))) {
    int64_t number = 0;
    valid = valid && absl::SimpleAtoi(part, &number);
    seconds = seconds * 60 + number;
  }
  if (!valid) return absl::InternalError(absl::StrCat("squeue's time '", text, "'"));
  return absl::Hours(24 * days) + absl::Seconds(seconds);
}

}  // namespace

std::string BatchScript(const SlurmOptions& options) {
  std::vector<std::string> words;
  for (const std::string& word : options.worker_command) words.push_back(Quoted(word));
  return absl::StrCat("#!/bin/sh\n#SBATCH --signal=B:TERM@120\nexec ", absl::StrJoin(words, " "),
                      " --work-dir ", Quoted(options.work_root.string()), "/slurm-$SLURM_JOB_ID\n");
}

absl::StatusOr<std::string> Slurm::Submit() {
  const std::string log = (options_.log_folder / "slurm-%j.log").string();
  std::vector<std::string> argv = {"sbatch", "--parsable", "--no-requeue",
                                   absl::StrCat("--output=", log), "--open-mode=append"};
  argv.insert(argv.end(), options_.sbatch_options.begin(), options_.sbatch_options.end());
  argv.push_back(absl::StrCat("--job-name=", options_.job_name));
  FP4_ASSIGN_OR_RETURN(std::string told, Ask(argv, BatchScript(options_)));
  // "JOB", or "JOB;CLUSTER".
  const std::vector<std::string> parts = absl::StrSplit(absl::StripAsciiWhitespace(told), ';');
  if (parts[0].empty()) return absl::UnavailableError("sbatch named no job");
  return parts[0];
}

absl::StatusOr<std::vector<PilotJob>> ParseQueue(const std::string& text) {
  std::vector<PilotJob> jobs;
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(text, '\n', absl::SkipWhitespace()))) {
    const std::vector<std::string> fields = absl::StrSplit(line, '|');
    if (fields.size() != 3)
      return absl::InternalError(absl::StrCat("squeue's line '", line, "' has no three fields"));
    const std::string& state = fields[1];
    const bool waits = state == "PENDING" || state == "CONFIGURING" || state == "REQUEUED";
    if (!waits && state != "RUNNING" && state != "SUSPENDED") continue;
    FP4_ASSIGN_OR_RETURN(const absl::Duration age, ParseRunningTime(fields[2]));
    jobs.push_back({.id = fields[0], .running = !waits, .age = age});
  }
  return jobs;
}

absl::StatusOr<std::vector<PilotJob>> Slurm::List() {
  FP4_ASSIGN_OR_RETURN(const std::string told,
                       Ask({"squeue", "--noheader", "--sort=i", "--format=%i|%T|%M",
                            absl::StrCat("--name=", options_.job_name)},
                           ""));
  return ParseQueue(told);
}

absl::Status Slurm::Cancel(const std::vector<std::string>& ids) {
  std::vector<std::string> argv = {"scancel"};
  argv.insert(argv.end(), ids.begin(), ids.end());
  return Ask(argv, "").status();
}

}  // namespace fp4::provision
