#include "client/report/report.h"

#include <filesystem>

#include "base/file.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/errors.h"
#include "client/render/text.h"
#include "client/report/html.h"
#include "client/report/markdown.h"
#include "client/report/read.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string experiment, file, format;
  ComparisonOptions comparison;
};

constexpr char kHelp[] = R"(
Writes an experiment as one file to read, send and keep: what the seeds allow to say, curves with their intervals, paired
differences, what each variant costs, layers over steps, findings with advice, the environment, the documents and in what
they differ, and how to get the same numbers again.

html (the default) is whole: it fetches nothing, needs no scripts, and is made for screens, phones and paper. md has the
sentences and tables for a pull request. The file appears whole or not at all, and replaces one of the same name;
`--out -` writes to standard output.

Examples:
  fp4ctl report k7x2 --out report.html
  fp4ctl report k7x2 --out report.md --format md --margin 0.01)";

bool IsMarkdown(const Options& options) {
  if (!options.format.empty()) return options.format == "md";
  return std::filesystem::path(options.file).extension() == ".md";
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  if (context.json) {
    return WithExitCode(
        absl::InvalidArgumentError("a report has no JSON form: see `fp4ctl compare -o json`"),
        ExitCode::kUsage);
  }
  FP4_RETURN_IF_ERROR(options.comparison.Check());
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const report::Data data,
                       report::ReadData(options.experiment, options.comparison, *connection));
  const report::Report made = report::MakeReport(data);
  const std::string text = IsMarkdown(options) ? RenderMarkdown(made) : RenderHtml(made);
  if (options.file == "-") {
    context.out << text;
    return ExitCode::kOk;
  }
  FP4_RETURN_IF_ERROR(WriteFileDurably(options.file, text));
  context.out << Printable(options.file) << "\n";
  return ExitCode::kOk;
}

}  // namespace

Verb ReportVerb() {
  auto options = std::make_shared<Options>();
  Verb verb{.group = kExperimentGroup,
            .name = "report",
            .summary = "Write an experiment as one file, for people",
            .help = kHelp,
            .options = {{.names = "EXPERIMENT",
                         .target = &options->experiment,
                         .help = "The experiment",
                         .required = true},
                        {.names = "--out",
                         .target = &options->file,
                         .help = "Where it is written; -: standard output",
                         .required = true,
                         .value_name = "FILE"},
                        {.names = "--format",
                         .target = &options->format,
                         .help = "html or md (default: as the file's name ends, else html)",
                         .choices = {"html", "md"}}},
            .run = [options](Context& context) { return Run(*options, context); }};
  for (Option& option : options->comparison.Options()) verb.options.push_back(std::move(option));
  return verb;
}

}  // namespace fp4::client
