#include "spec/document.h"

#include <deque>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "spec/budget/training_fit.h"
#include "spec/check.h"
#include "spec/cross_checks.h"
#include "spec/fields.h"
#include "spec/override.h"
#include "spec/precision.h"
#include "spec/resolve.h"
#include "spec/search.h"

namespace fp4::spec {
namespace {

constexpr size_t kMostProblems = 200;

void SetSource(Node& node, const Source& source) {
  node.place.source = &source;
  for (Node& item : node.items) SetSource(item, source);
  for (Member& member : node.members) {
    member.key_place.source = &source;
    SetSource(member.value, source);
  }
}

Node WithVariant(Node document, std::string_view name) {
  Node variants = Node::Object();
  variants.Set(name, Node::Object());
  document.Set("variants", std::move(variants));
  return Canonical(document, DocumentType());
}

class ExperimentReader {
 public:
  ExperimentReader(std::span<const std::string> overrides, const ReadOptions& options)
      : options_(options) {
    for (const std::string& text : overrides) sources_.push_back({.prefix = "", .override = text});
  }

  ReadResult Read(std::string_view text) {
    ParsedJson parsed = ParseJson(text);
    for (JsonProblem& problem : parsed.problems) {
      problems_.Add(
          {problem.path, problem.place.line, problem.place.column, std::move(problem.message), ""});
    }
    if (parsed.complete) ReadRoot(parsed.root);
    return {std::move(experiment_), problems_.Sorted(kMostProblems)};
  }

 private:
  void ReadRoot(const Node& root) {
    if (root.kind != Node::Kind::kObject) {
      problems_.Add(root.place, Path{},
                    absl::StrCat("the document is ", Shown(root), "; allowed: an object, {…}"));
      return;
    }
    Check(root, DocumentType(), Path{}, CheckAs::kPart, problems_, options_.with_unbuilt);
    for (const Source& source : sources_) {
      Override override = ReadOverride(source, problems_);
      if (override.valid) overrides_.push_back(std::move(override));
    }
    ReadVariants(root);
    ReadHead(Merge(root, nullptr));
  }

  // The document as one variant has it.
  Node Merge(const Node& root, const Node* patch) const {
    Node merged = root;
    merged.Erase("variants");
    if (patch != nullptr) MergePatch(merged, *patch);
    for (const Override& override : overrides_) Apply(override, merged);
    return merged;
  }

  void ReadVariants(const Node& root) {
    const Node* variants = root.Find("variants");
    if (variants == nullptr || variants->members.empty()) {
      found_.push_back({"default", ReadVariant(NameFor("default"), Merge(root, nullptr))});
    } else {
      for (const Member& member : variants->members) {
        if (!options_.only_variant.empty() && member.key != options_.only_variant) continue;
        Node patch = member.value.kind == Node::Kind::kObject ? member.value : Node::Object();
        for (const char* name : kFieldsOutsideVariants) patch.Erase(name);
        sources_.push_back(
            {.prefix = absl::StrCat("variants.", ShownKey(member.key), "."), .override = ""});
        SetSource(patch, sources_.back());
        found_.push_back({member.key, ReadVariant(NameFor(member.key), Merge(root, &patch))});
      }
    }
    CombineProblems();
  }

  const std::string& NameFor(const std::string& own) const {
    return options_.as_variant.empty() ? own : options_.as_variant;
  }

  Problems ReadVariant(const std::string& name, const Node& given) {
    Problems problems;
    const Node merged = FitTraining(given, options_);
    Check(merged, DocumentType(), Path{}, CheckAs::kDocument, problems, options_.with_unbuilt);
    Resolved resolved = Resolve(merged, options_, problems);
    CheckAcrossFields(merged, resolved, problems);
    resolved.run.variant = name;
    TakePrecision(ResolvePrecision(*resolved.document.Find("precision"),
                                   resolved.document.Find("sensitivity"), resolved.run, problems),
                  resolved.run);
    experiment_.variants.push_back({name, std::move(resolved.run),
                                    WriteJson(WithVariant(std::move(resolved.document), name))});
    return problems;
  }

  // A fault that only some variants meet outside of their own text says which.
  void CombineProblems() {
    std::map<std::tuple<std::string, int, int, std::string>, std::vector<std::string>> met_by;
    const auto key = [](const Problem& problem) {
      return std::tuple(problem.path, problem.line, problem.column, problem.message);
    };
    for (const auto& [name, problems] : found_) {
      for (const Problem& problem : problems.all()) met_by[key(problem)].push_back(name);
    }
    for (const auto& [name, problems] : found_) {
      for (Problem problem : problems.all()) {
        const std::vector<std::string>& names = met_by[key(problem)];
        if (problems_.Contains(problem)) continue;
        const bool says_itself =
            names.size() == found_.size() || problem.path.starts_with("variants.");
        if (!says_itself)
          absl::StrAppend(&problem.message, " (in ", names.size() == 1 ? "variant " : "variants ",
                          absl::StrJoin(names, ", "), ")");
        problems_.Add(std::move(problem));
      }
    }
  }

  // What belongs to the experiment as a whole.
  void ReadHead(const Node& merged) {
    Problems reported_already;
    const Resolved head = Resolve(merged, options_, reported_already);
    experiment_.name = head.run.experiment_name;
    experiment_.project = head.run.project;
    experiment_.description = head.run.description;
    experiment_.labels = head.run.labels;
    if (!options_.without_search) {
      experiment_.search = ReadSearch(merged, experiment_.variants, problems_);
    }
    const Field& field = *FindField(DocumentType(), "seeds");
    const Node* given = merged.Find("seeds");
    const bool fits =
        given != nullptr && Check(*given, field.type, Path{}, CheckAs::kDocument, reported_already);
    const Node seeds = fits ? *given : ParseJson(field.default_json).root;
    for (const Node& seed : seeds.items)
      experiment_.seeds.push_back(static_cast<uint64_t>(AsInteger(seed)));
  }

  const ReadOptions& options_;
  std::deque<Source> sources_;  // nodes point to them
  std::vector<Override> overrides_;
  std::vector<std::pair<std::string, Problems>> found_;
  Problems problems_;
  Experiment experiment_;
};

}  // namespace

ReadResult ReadExperiment(std::string_view text, std::span<const std::string> overrides,
                          const ReadOptions& options) {
  return ExperimentReader(overrides, options).Read(text);
}

RunSpec MakeRun(const Variant& variant, uint64_t seed) {
  RunSpec run = variant.run;
  run.seed = seed;
  return run;
}

}  // namespace fp4::spec
