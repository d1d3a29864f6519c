// A trainer that costs next to nothing: it obeys fp4-train's command line, with fp4-train's own
// event log, checkpoints and lease, but instead of training it computes a chain of digests. The
// state after step s is sha256(state before it), and the first one comes from the run's seed and
// learning rate, so that the campaign's model knows every loss of every run, and a run that resumed
// from a wrong state ends with wrong numbers.
//
//   FP4_CAMPAIGN_STEP_MS      how long a step takes
//   FP4_CAMPAIGN_STATE_BYTES  size of a checkpoint's state
//   FP4_CAMPAIGN_JOURNAL      a file that takes a line before each step is told: which process
//   worked
//                             on which run, and when
#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "base/trainer_exit.h"
#include "trainer/checkpoint/store.h"
#include "trainer/ending.h"
#include "trainer/run/event_log.h"
#include "trainer/run/lease.h"
#include "trainer/run/options.h"
#include "trainer/run/select_run.h"
#include "trainer/run/started.h"
#include "trainer/run/stop_request.h"

namespace fp4::trainer {
namespace {

namespace fs = std::filesystem;

int64_t Number(const char* variable, int64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoll(text);
}

// -1: there is none.
int OpenJournal() {
  const char* path = std::getenv("FP4_CAMPAIGN_JOURNAL");
  return path == nullptr ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

// Of the first 13 hexadecimal digits, in [0, 1).
double Fraction(const std::string& digest) {
  return static_cast<double>(std::stoll(digest.substr(0, 13), nullptr, 16)) /
         static_cast<double>(int64_t{1} << 52);
}

class Campaigner {
 public:
  Campaigner(const Options& options, SelectedRun selected, EventLog log)
      : options_(options),
        run_(std::move(selected.run)),
        document_(std::move(selected.document)),
        log_(std::move(log)),
        store_(options.run_dir),
        journal_(OpenJournal()) {}

  absl::StatusOr<std::string> Train(const StopRequest& stop) {
    FP4_RETURN_IF_ERROR(Begin());
    Note(step_);
    StartedFacts facts;
    facts.device = "cpu";
    facts.compute_dtype = "fp32";
    facts.data_sha256 = Sha256Hex("campaign");
    facts.threads = 1;
    facts.resumed_from_step = step_;
    FP4_RETURN_IF_ERROR(log_.Append(MakeStartedEvent(facts, run_, document_)));
    while (step_ < run_.training.steps) {
      if (stop.requested()) {
        FP4_RETURN_IF_ERROR(Save());
        return std::string(outcome::kStopped);
      }
      FP4_RETURN_IF_ERROR(Step());
    }
    return std::string(outcome::kCompleted);
  }

  EventLog& log() { return log_; }

 private:
  absl::Status Begin() {
    digest_ = Sha256Hex(
        absl::StrCat(run_.seed, " ", std::bit_cast<uint64_t>(run_.optimizer.learning_rate)));
    const std::string from = options_.resume_from.value_or("");
    if (from == "none") return absl::OkStatus();
    std::vector<std::string> warnings;
    FP4_ASSIGN_OR_RETURN(const std::optional<Checkpoint> checkpoint, store_.Newest(from, warnings));
    if (!checkpoint) return absl::OkStatus();
    FP4_ASSIGN_OR_RETURN(const safetensors::File file,
                         safetensors::File::Open(checkpoint->state_file()));
    step_ = saved_ = checkpoint->manifest.step;
    digest_ = file.metadata().at("digest");
    return absl::OkStatus();
  }

  // One line, whole: who works on what at which time of the host.
  void Note(int64_t step) {
    const std::string line = absl::StrCat(
        fs::path(options_.run_dir).filename().string(), " ", options_.attempt.value_or(0), " ",
        getpid(), " ", absl::ToInt64Nanoseconds(SystemClock().SinceBoot()), " ", step, "\n");
    WriteAll(journal_.get(), line, "the journal").IgnoreError();
  }

  absl::Status Step() {
    absl::SleepFor(absl::Milliseconds(Number("FP4_CAMPAIGN_STEP_MS", 10)));
    digest_ = Sha256Hex(digest_);
    ++step_;
    Note(step_);
    spec::MetricsEvent metrics{.step = step_, .values = {{"train/loss", Fraction(digest_)}}};
    const bool last = step_ == run_.training.steps;
    const int64_t interval = run_.training.eval_interval;
    if (last || (interval > 0 && step_ % interval == 0)) {
      metrics.values.emplace_back("val/loss", 1.0 + Fraction(digest_));
    }
    FP4_RETURN_IF_ERROR(log_.Append(metrics));
    const int64_t every = run_.checkpoint.interval_steps;
    return last || (every > 0 && step_ % every == 0) ? Save() : absl::OkStatus();
  }

  absl::Status Save() {
    if (step_ == saved_) return absl::OkStatus();
    const std::string filling(Number("FP4_CAMPAIGN_STATE_BYTES", 4096), 'x');
    const safetensors::TensorView tensor{.name = "state",
                                         .type = safetensors::TensorType::kU8,
                                         .shape = {static_cast<int64_t>(filling.size())},
                                         .data = std::as_bytes(std::span(filling))};
    Manifest manifest;
    manifest.step = step_;
    manifest.attempt = log_.attempt();
    manifest.document_sha256 = Sha256Hex(document_);
    manifest.data_sha256 = Sha256Hex("campaign");
    manifest.compute_dtype = "fp32";
    manifest.cpu_threads = 1;
    FP4_ASSIGN_OR_RETURN(
        const Checkpoint saved,
        store_.Save(manifest, {tensor}, {{"digest", digest_}}, [this] { return log_.Sync(); }));
    saved_ = step_;
    FP4_RETURN_IF_ERROR(log_.Append(spec::CheckpointEvent{.path = saved.folder.string(),
                                                          .step = step_,
                                                          .bytes = saved.manifest.state_bytes,
                                                          .sha256 = saved.manifest.state_sha256}));
    return store_.Prune({.keep_last = run_.checkpoint.keep_last});
  }

  const Options options_;
  const spec::RunSpec run_;
  const std::string document_;
  EventLog log_;
  CheckpointStore store_;
  const UniqueFd journal_;
  std::string digest_;
  int64_t step_ = 0, saved_ = 0;
};

int Finish(EventLog& log, const absl::StatusOr<std::string>& outcome) {
  spec::FinishedEvent finished{std::string(outcome::kFailed), ""};
  if (outcome.ok()) finished.status = *outcome;
  if (!outcome.ok()) finished.reason = LastWords(outcome.status());
  const absl::Status told = log.Append(finished);
  if (!outcome.ok()) return Failed(outcome.status());
  if (!told.ok()) return Failed(told);
  return finished.status == outcome::kStopped ? kExitStopped : kExitCompleted;
}

int Main(int argc, char** argv) {
  int exit_code = 0;
  const std::optional<Options> options = ParseCommandLine(argc, argv, exit_code);
  if (!options) return exit_code;
  if (options->probe) {
    std::cout << R"({"torch_version":"0","cpu_compute_dtype":"fp32","fp32_gflops":1,)"
              << R"("bf16_gflops":1})"
              << "\n";
    return 0;
  }
  const StopRequest stop(StopRequest::Second::kChangesNothing);
  if (!options->lease_file.empty()) EndWithLease(options->lease_file, SystemClock());
  SelectedRun selected = SelectRun(*options);
  for (const std::string& problem : selected.problems) std::cerr << problem << "\n";
  if (!selected.problems.empty()) return kExitBadDocument;
  absl::StatusOr<EventLog> log =
      EventLog::Open(fs::path(options->run_dir) / "events.jsonl",
                     {options->attempt, options->next_seq, {}}, SystemClock());
  if (!log.ok()) return Failed(log.status());
  if (log->history().completed) return kExitCompleted;
  Campaigner campaigner(*options, std::move(selected), *std::move(log));
  const absl::StatusOr<std::string> outcome = campaigner.Train(stop);
  return Finish(campaigner.log(), outcome);
}

}  // namespace
}  // namespace fp4::trainer

int main(int argc, char** argv) { return fp4::trainer::Main(argc, argv); }
