// From the text of an experiment document to the runs it describes, or to every problem in it at
// once.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "spec/run_spec.h"
#include "spec/search_spec.h"

namespace fp4::spec {

// Something wrong with a document. Lines and columns count from 1, columns in bytes; 0: no place
// (an override).
struct Problem {
  std::string path;  // "variants.fp4.precision.default"; empty: the text as a whole
  int line = 0, column = 0;
  std::string message;        // "is 'fp44'; did you mean 'fp4'; allowed: baseline, fp4, …"
  std::string override_text;  // "optimizer.learning_rate=fast", when the fault is in an override

  // "file:line:column: error: path: message", or "--set TEXT: error: …" for an override.
  std::string ToString(std::string_view document_name) const;
};

struct ReadOptions {
  // Relative paths of the document are made absolute against this folder; empty: a relative path is
  // a problem (as on the server).
  std::string base_folder;
  // Takes also the fields that are not built yet. Only to look at such a document:
  // its runs cannot be trained.
  bool with_unbuilt = false;
  // Takes no notice of `search`: the document of a single trial.
  bool without_search = false;
  // Reads this variant only; empty: all.
  std::string only_variant = {};
  // The variant's name in what is read; empty: its own.
  std::string as_variant = {};
};

struct Variant {
  std::string name;
  RunSpec run;                    // with seed unset
  std::string resolved_document;  // canonical JSON of the whole: one variant, defaults filled in,
                                  // presets expanded, no seeds
};

struct Experiment {
  std::string name, project, description;
  std::vector<std::string> labels;
  std::vector<uint64_t> seeds;
  std::vector<Variant> variants;     // in the document's order; at least one
  std::optional<SearchSpec> search;  // what is tried of each variant; absent: only the variants
};

struct ReadResult {
  Experiment experiment;          // only meaningful without problems
  std::vector<Problem> problems;  // in the document's order
  bool ok() const { return problems.empty(); }
};

// `overrides` are texts "field.path=value", applied to every variant after its patch. Never throws;
// any bytes are taken.
ReadResult ReadExperiment(std::string_view text, std::span<const std::string> overrides,
                          const ReadOptions& options);

// The run of one variant and seed.
RunSpec MakeRun(const Variant& variant, uint64_t seed);

// The document of one run by itself: Variant::resolved_document with "seeds": [seed] and the
// variant's name as the only variant. ReadExperiment takes it back, to the same RunSpec. Canonical:
// documents that differ in layout, order or comments, or in whether a default is written out, give
// equal bytes.
std::string RunDocument(const Variant& variant, uint64_t seed);

// What of a run's document the training follows, canonical: without names and notes and without
// what only says when and where a run is started (Concern of spec/field.h). Two documents with
// equal ones describe one training: either may resume the other's checkpoints. Gives the text back
// unchanged when it cannot be read.
std::string TrainingDocument(std::string_view run_document);

// The fields of a run's document that only say when and where it is started, and that do not stand
// at their default: "resources.priority". For programs that schedule nothing.
std::vector<std::string> SchedulingFieldsIn(std::string_view run_document);

// RunDocument with training.compute_dtype and resources.cpu_threads set: what a worker gets.
std::string WithMachineChoices(std::string_view run_document, ComputeDtype compute_dtype,
                               int64_t cpu_threads);

// The client's part: the same text with every relative path of the document made absolute against
// `folder`, all else (comments, order, line numbers) as it was. Gives the text back unchanged when
// it cannot be read.
std::string WithAbsolutePaths(std::string_view text, const std::string& folder);

// The same for an override ("data.paths=[\"a.txt\"]"): the text given back unless it sets a path
// that is relative.
std::string OverrideWithAbsolutePaths(std::string_view override_text, const std::string& folder);

// JSON Schema (draft 7) of the document.
std::string JsonSchema();

// What `fp4ctl explain` prints for a field ("optimizer.learning_rate", "precision", "" for all);
// for an unknown field an error with a suggestion.
absl::StatusOr<std::string> Explain(std::string_view field);

// docs/spec.md's table of fields, in Markdown.
std::string ReferencePage();

}  // namespace fp4::spec
