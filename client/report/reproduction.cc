// How to get the same numbers again.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/version.h"
#include "client/render/runs.h"
#include "client/report/sections.h"
#include "spec/json.h"

namespace fp4::client::report {
namespace {

// A word of a shell's command line.
std::string Quoted(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string CommandLines(const v1::Experiment& experiment) {
  const std::string& id = experiment.id();
  std::string submit = "fp4ctl submit document.fp4.json";
  for (const std::string& change : experiment.overrides()) {
    absl::StrAppend(&submit, " --set ", Quoted(change));
  }
  return absl::StrCat("# where the experiment is stored\nfp4ctl clone ", id,
                      "\n\n# elsewhere, from the document\nfp4ctl clone ", id,
                      " --print > document.fp4.json\n", submit,
                      " --watch\n\n# its numbers\nfp4ctl compare ", id, " -o json\nfp4ctl export ",
                      id, " --to csv --dir results\n");
}

std::set<std::string> Revisions(const Data& data) {
  std::set<std::string> revisions;
  for (const RunData& one : data.runs) {
    const spec::ParsedJson started = spec::ParseJson(one.run.started_json());
    const spec::Node* revision = started.root.Find("git_revision");
    if (revision != nullptr) revisions.insert(revision->text);
  }
  return revisions;
}

Table Checkpoints(const Data& data) {
  Table table{.columns = {{"run"},
                          {"variant"},
                          {"seed", true, false},
                          {"state"},
                          {"attempts", true, false},
                          {"step", true, false},
                          {"sha256 of the newest checkpoint", false, true}},
              .rows = {}};
  for (const RunData& one : data.runs) {
    const v1::Run& run = one.run;
    const bool has = run.checkpoints_size() > 0;
    const v1::Checkpoint newest = has ? *run.checkpoints().rbegin() : v1::Checkpoint();
    table.rows.push_back({run.id(), run.variant(), absl::StrCat(run.seed()), StateName(run.state()),
                          absl::StrCat(run.attempt()), has ? absl::StrCat(newest.step()) : "",
                          newest.sha256()});
  }
  return table;
}

}  // namespace

Section ReproductionSection(const Data& data) {
  Section section{.id = "reproduce", .title = "How to reproduce"};
  section.blocks.push_back(Paragraph{
      "Two runs of one document on the same machine, with the same versions and threads, end with "
      "equal checkpoints; their hashes are below."});
  section.blocks.push_back(Code{"Command lines", CommandLines(data.experiment), true});
  const std::set<std::string> revisions = Revisions(data);
  section.blocks.push_back(Paragraph{absl::StrCat(
      "Revision of the trainer: ", revisions.empty() ? "not known" : absl::StrJoin(revisions, ", "),
      "; of fp4ctl, which made this report: ", std::string(Version()), " (",
      std::string(GitRevision()), ").")});
  if (data.runs.empty()) return section;
  section.blocks.push_back(Heading{"Runs"});
  section.blocks.push_back(Checkpoints(data));
  return section;
}

}  // namespace fp4::client::report
