#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/diff/difference.h"
#include "client/diff/sides.h"
#include "client/diff/unified.h"
#include "client/errors.h"
#include "client/layout.h"
#include "client/render/difference.h"
#include "client/verbs/verbs.h"
#include "spec/json.h"

namespace fp4::client {
namespace {

struct Options {
  std::string a, b;
  bool unified = false;
};

constexpr char kHelp[] = R"(
Compares the resolved documents, field by field, and what they do to each layer; of two runs also where they were
computed. A and B are each a run, an experiment, or the file of a document. Variants of an experiment or a document are
paired by name; ID:VARIANT or FILE:VARIANT means one of them. A field that is not there stands at its default.
--unified shows the resolved documents as `diff -u` would, line by line.

Examples:
  fp4ctl diff k7x2:baseline k7x2:fp4
  fp4ctl diff k7x2:baseline k7x2:fp4 --unified
  fp4ctl diff b2c3 d4e5                      two runs
  fp4ctl diff k7x2 fp4.json                  what has changed in the file since it was submitted
  fp4ctl diff old.json new.json -o json)";

void PrintAlone(const char* which, const std::vector<std::string>& variants, Context& context) {
  if (variants.empty()) return;
  context.out << "only in " << which << ": " << Printable(absl::StrJoin(variants, ", ")) << "\n";
}

std::string ReadableDocument(const DiffSide& side) {
  const spec::ParsedJson parsed = spec::ParseJson(side.document);
  return parsed.complete ? WriteJson(parsed.root) : side.document;
}

Color ColorOf(const std::string& line) {
  if (line.starts_with("@@")) return Color::kCyan;
  if (line.starts_with("-")) return Color::kRed;
  return line.starts_with("+") ? Color::kGreen : Color::kPlain;
}

void PrintUnified(const DiffPair& pair, Context& context) {
  const std::string diff = UnifiedDiff(Printable(pair.a.label), ReadableDocument(pair.a),
                                       Printable(pair.b.label), ReadableDocument(pair.b));
  if (diff.empty()) {
    context.out << Printable(pair.a.label) << " -> " << Printable(pair.b.label)
                << ": the documents are equal\n";
  }
  std::istringstream lines(diff);
  for (std::string line; std::getline(lines, line);) {
    context.out << Colored(Printable(line), ColorOf(line), context.terminal.color) << "\n";
  }
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  if (options.unified && context.json) {
    return WithExitCode(absl::InvalidArgumentError("--unified has no JSON form"), ExitCode::kUsage);
  }
  FP4_ASSIGN_OR_RETURN(std::vector<DiffSide> a, ReadDiffSides(context, options.a));
  FP4_ASSIGN_OR_RETURN(std::vector<DiffSide> b, ReadDiffSides(context, options.b));
  FP4_ASSIGN_OR_RETURN(const DiffPairs pairs, PairSides(std::move(a), std::move(b)));
  std::vector<Difference> differences;
  for (const DiffPair& pair : pairs.pairs) differences.push_back(DifferenceOf(pair.a, pair.b));
  if (context.json) {
    context.out << DifferencesJson(pairs, differences) << "\n";
    return ExitCode::kOk;
  }
  for (size_t i = 0; i < differences.size(); ++i) {
    if (i > 0) context.out << "\n";
    if (options.unified) {
      PrintUnified(pairs.pairs[i], context);
      continue;
    }
    context.out << RenderDifference(pairs.pairs[i], differences[i], LayoutOf(context));
  }
  PrintAlone("the first", pairs.only_a, context);
  PrintAlone("the second", pairs.only_b, context);
  return ExitCode::kOk;
}

}  // namespace

Verb DiffVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "diff",
          .summary = "Show in what two runs, experiments or documents differ",
          .help = kHelp,
          .options = {{.names = "A",
                       .target = &options->a,
                       .help = "A run, an experiment or a document",
                       .required = true},
                      {.names = "B",
                       .target = &options->b,
                       .help = "What it is compared with",
                       .required = true},
                      {.names = "--unified",
                       .target = &options->unified,
                       .help = "Show the documents line by line, as `diff -u` does"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
