#include "client/render/checkpoints.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "client/checkpoints/download.h"
#include "client/checkpoints/llama.h"
#include "client/connection.h"
#include "client/errors.h"
#include "client/layout.h"
#include "client/render/json.h"
#include "client/render/text.h"
#include "client/verbs/verbs.h"
#include "spec/document.h"

namespace fp4::client {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string action, run, folder, format = "llama";
  int64_t step = -1;
};

constexpr char kHelp[] = R"(
ls: the checkpoints of a run that exist, newest first: at the controller, or only on a worker's disk yet, and why each is
kept. The controller keeps the newest of each run and, where the document says so, the best.
download: a checkpoint as the trainer wrote it: state.safetensors, which fp4-train resumes from and evaluates, and
manifest.json. A broken download goes on where it stopped when it is started again.
export: the weights alone, for other programs. --format llama: model.safetensors and config.json as Hugging Face's
LlamaForCausalLM has them; for a model that is no Llama it says why not. --format plain: weights.safetensors, under the
names that docs/trainer.md lists. Both have the master weights, in high precision: quantize again to see what training saw.

Examples:
  fp4ctl checkpoints ls b2c3
  fp4ctl checkpoints download b2c3 --dir kept
  fp4ctl checkpoints export b2c3 --format plain --dir weights)";

absl::Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return ErrnoStatus(error.value(), absl::StrCat("--dir: make ", folder.string()));
}

absl::StatusOr<ExitCode> List(const Options& options, Operations& operations, Context& context) {
  FP4_ASSIGN_OR_RETURN(const v1::ListCheckpointsResponse all,
                       operations.ListCheckpoints(options.run));
  if (context.json) {
    context.out << CheckpointsJson(all) << "\n";
  } else if (all.checkpoints_size() == 0) {
    context.err << "Run " << all.run_id() << " has no checkpoints.\n";
  } else {
    context.out << RenderCheckpoints(all, LayoutOf(context));
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Download(const Options& options, Operations& operations,
                                  Context& context) {
  FP4_ASSIGN_OR_RETURN(const Downloaded done,
                       DownloadCheckpoint(operations, options.run, options.step, options.folder));
  const std::string file = (fs::path(options.folder) / "state.safetensors").string();
  if (context.json) {
    context.out << FlatJson({{"file", file},
                             {"step", absl::StrCat(done.step)},
                             {"attempt", absl::StrCat(done.attempt)},
                             {"sha256", done.sha256}})
                << "\n";
  } else {
    context.out << Printable(file) << ": step " << done.step << ", " << done.bytes << " bytes\n";
  }
  return ExitCode::kOk;
}

absl::StatusOr<spec::ModelSpec> ModelOf(const v1::Run& run) {
  const spec::ReadResult read = spec::ReadExperiment(run.resolved_document(), {},
                                                     {.base_folder = "/", .without_search = true});
  if (!read.ok() || read.experiment.variants.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the document of run ", run.id(), " cannot be read by this release"));
  }
  return read.experiment.variants.front().run.model;
}

absl::StatusOr<std::string> WriteWeights(const Options& options, const spec::ModelSpec& model,
                                         const fs::path& state_file) {
  FP4_ASSIGN_OR_RETURN(const safetensors::File state, safetensors::File::Open(state_file));
  const bool llama = options.format == "llama";
  const fs::path folder = options.folder;
  FP4_ASSIGN_OR_RETURN(const ExportedTensors exported,
                       llama ? ToLlama(model, state) : ToPlain(model, state));
  const fs::path file = folder / (llama ? "model.safetensors" : "weights.safetensors");
  const fs::path making = file.string() + ".making";
  FP4_RETURN_IF_ERROR(safetensors::Write(making, exported.tensors, {{"format", "pt"}}).status());
  std::error_code error;
  fs::rename(making, file, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("rename ", making.string()));
  if (llama) FP4_RETURN_IF_ERROR(WriteFileDurably(folder / "config.json", LlamaConfig(model)));
  return file.string();
}

absl::StatusOr<ExitCode> Export(const Options& options, Operations& operations, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const v1::Run run, connection->GetRun(options.run));
  FP4_ASSIGN_OR_RETURN(const spec::ModelSpec model, ModelOf(run));
  if (absl::Status fits = options.format == "llama" ? CheckIsLlama(model) : absl::OkStatus();
      !fits.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "not a Llama: ", fits.message(), ". --format plain writes any model's weights"));
  }
  FP4_RETURN_IF_ERROR(MakeFolder(options.folder));
  const fs::path work = fs::path(options.folder) / ".checkpoint";
  FP4_ASSIGN_OR_RETURN(const Downloaded done,
                       DownloadCheckpoint(operations, options.run, options.step, work));
  const absl::StatusOr<std::string> file = WriteWeights(options, model, work / "state.safetensors");
  std::error_code ignored;
  fs::remove_all(work, ignored);
  if (!file.ok()) return file.status();
  if (context.json) {
    context.out << FlatJson({{"file", *file}, {"step", absl::StrCat(done.step)}}) << "\n";
  } else {
    context.out << Printable(*file) << ": the weights at step " << done.step << "\n";
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(const std::string address, context.Address());
  FP4_ASSIGN_OR_RETURN(const wire::ChannelSecurity security, context.Security());
  Operations operations(address, security);
  if (options.action == "ls") return List(options, operations, context);
  if (options.folder.empty()) {
    return WithExitCode(absl::InvalidArgumentError(
                            absl::StrCat("checkpoints ", options.action, ": --dir is required")),
                        ExitCode::kUsage);
  }
  return options.action == "download" ? Download(options, operations, context)
                                      : Export(options, operations, context);
}

}  // namespace

Verb CheckpointsVerb() {
  auto options = std::make_shared<Options>();
  return {
      .group = kExperimentGroup,
      .name = "checkpoints",
      .summary = "List, download or export the checkpoints of a run",
      .help = kHelp,
      .options = {{.names = "ACTION",
                   .target = &options->action,
                   .help = "What is done",
                   .required = true,
                   .choices = {"ls", "download", "export"}},
                  {.names = "RUN", .target = &options->run, .help = "The run", .required = true},
                  {.names = "--step",
                   .target = &options->step,
                   .help = "Which checkpoint. Default: the newest that the controller holds",
                   .range = {.low = 0}},
                  {.names = "--dir",
                   .target = &options->folder,
                   .help = "Where it is written; made if absent",
                   .value_name = "FOLDER"},
                  {.names = "--format",
                   .target = &options->format,
                   .help = "Of export",
                   .choices = {"llama", "plain"}}},
      .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
