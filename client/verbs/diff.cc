#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/diff/difference.h"
#include "client/diff/sides.h"
#include "client/layout.h"
#include "client/render/difference.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string a, b;
};

constexpr char kHelp[] = R"(
Compares the resolved documents, field by field, and what they do to each layer; of two runs also where they were
computed. A and B are each a run, an experiment, or the file of a document. Variants of an experiment or a document are
paired by name; ID:VARIANT or FILE:VARIANT means one of them. A field that is not there stands at its default.

Examples:
  fp4ctl diff k7x2:baseline k7x2:fp4
  fp4ctl diff b2c3 d4e5                      two runs
  fp4ctl diff k7x2 fp4.json                  what has changed in the file since it was submitted
  fp4ctl diff old.json new.json -o json)";

void PrintAlone(const char* which, const std::vector<std::string>& variants, Context& context) {
  if (variants.empty()) return;
  context.out << "only in " << which << ": " << Printable(absl::StrJoin(variants, ", ")) << "\n";
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
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
                       .required = true}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
