#include "trainer/run/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/number.h"
#include "base/version.h"

namespace fp4::trainer {
namespace {

constexpr char kDescription[] =
    "Trains one run of an experiment: reads RUN.json, writes events.jsonl and checkpoints into the "
    "run directory.\n"
    "Started again on the same directory it goes on from the newest checkpoint; a completed run is "
    "left alone.\n"
    "`fp4-train prepare --help` says how text is made into token files.";

constexpr char kExample[] =
    "Examples:\n"
    "  fp4-train examples/fp4.json --run-dir /tmp/run --variant fp4 --seed 1\n"
    "  fp4-train examples/fp4.json --variant fp4 --seed 1 --evaluate /tmp/run/checkpoints/step-…";

std::string ExitCodes() {
  std::string text = "Exit codes:\n";
  for (const TrainerEnding& ending : kTrainerEndings) {
    absl::StrAppend(&text, "  ", ending.exit_status, "  ", std::string(ending.outcome), ": ",
                    std::string(ending.meaning), "\n");
  }
  return text;
}

// What fp4-train does with a document instead of training it: one of these, and none of the options
// of a run's training. `--profile` is one of those; it stands here for the order of the help page.
std::vector<CLI::Option*> DeclareMeasuring(CLI::App& app, Options& options) {
  const auto of_checkpoint = [&app](const char* name, std::optional<std::string>& checkpoint,
                                    const std::string& text) {
    return app.add_option(name, checkpoint, text + ". Nothing is written to a run directory")
        ->type_name("CHECKPOINT");
  };
  CLI::Option* evaluate =
      of_checkpoint("--evaluate", options.evaluate,
                    "Measure the weights of a checkpoint's folder or a safetensors file as "
                    "RUN.json says, instead of training: its validation metrics and the errors of "
                    "quantized weights");
  CLI::Option* sensitivity =
      of_checkpoint("--sensitivity", options.sensitivity,
                    "Predict what each layer of a checkpoint's folder or a safetensors file would "
                    "cost the loss under the recipes of RUN.json's sensitivity.formats, instead "
                    "of training");
  CLI::Option* advise =
      of_checkpoint("--advise", options.advise,
                    "Predict what more bits, more units and one more layer would gain at the "
                    "weights of a checkpoint's folder or a safetensors file, and in how many "
                    "bytes, instead of training");
  app.add_option("--profile", options.profile,
                 "Write the times of ten updates to this file, a Chrome trace, and print them by "
                 "part of the step when the run ends")
      ->type_name("TRACE.json");
  CLI::Option* roofline = app.add_flag(
      "--roofline", options.roofline,
      "Measure this machine's peak and bandwidth and the products of RUN.json, instead "
      "of training: which are bound by memory, which by arithmetic, and what 4-bit "
      "operands would change. Nothing is written to a run directory");
  std::vector<CLI::Option*> measuring = {evaluate, sensitivity, advise, roofline};
  for (CLI::Option* mode : measuring) {
    for (CLI::Option* other : measuring) {
      if (other != mode) mode->excludes(other);
    }
    for (const char* of_training : {"--run-dir", "--attempt", "--next-seq", "--resume-from",
                                    "--lease-file", "--probe", "--profile"}) {
      mode->excludes(app.get_option(of_training));
    }
  }
  return measuring;
}

}  // namespace

std::optional<Options> ParseCommandLine(int argc, char** argv, int& exit_code) {
  Options options;
  CLI::App app(kDescription, "fp4-train");
  app.footer(ExitCodes() + kExample);
  app.set_version_flag("--version", absl::StrCat("fp4-train ", std::string(Version()), " (",
                                                 std::string(GitRevision()), ")"));
  app.add_option("document", options.document, "The experiment document of the run")
      ->type_name("RUN.json");
  app.add_option("--run-dir", options.run_dir, "Where the run lives; made if absent")
      ->type_name("DIR");
  app.add_option("--variant", options.variant, "Which variant, where the document has several");
  app.add_option("--seed", options.seed, "Which seed, where the document has several")
      ->check(NumberCheck<uint64_t>());
  app.add_option("--device", options.device, "auto, cpu or cuda:N")->capture_default_str();
  app.add_option("--attempt", options.attempt,
                 "Number of this attempt (default: the log's last + 1)")
      ->check(NumberCheck<int32_t>(1));
  app.add_option("--next-seq", options.next_seq,
                 "Least seq of the next event (default: the log's last + 1)")
      ->check(NumberCheck<int64_t>(1));
  app.add_option("--resume-from", options.resume_from,
                 "A checkpoint's folder, or 'none' (default: the newest)");
  app.add_option("--lease-file", options.lease_file,
                 "Exit when the deadline in this file has passed");
  app.add_option("--rank", options.rank)->check(NumberCheck<int64_t>(1))->group("");
  CLI::Option* probe = app.add_flag(
      "--probe", options.probe, "Print what this machine computes best with, as JSON, and exit");
  const std::vector<CLI::Option*> measuring = DeclareMeasuring(app, options);
  std::string output = "text";
  CLI::Option* how =
      app.add_option("-o,--output", output,
                     "With --evaluate, --sensitivity, --advise or --roofline: text or json")
          ->check(CLI::IsMember({"text", "json"}))
          ->capture_default_str();
  try {
    app.parse(argc, argv);
    if (!*probe && options.document.empty()) throw CLI::RequiredError("RUN.json");
    const bool measures =
        std::ranges::any_of(measuring, [](const CLI::Option* mode) { return mode->count() > 0; });
    if (!*probe && !measures && options.run_dir.empty()) throw CLI::RequiredError("--run-dir");
    if (*how && !measures)
      throw CLI::RequiresError("--output", "--evaluate, --sensitivity, --advise or --roofline");
    options.json = output == "json";
    return options;
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? kExitCompleted : kExitBadDocument;
    return std::nullopt;
  }
}

}  // namespace fp4::trainer
