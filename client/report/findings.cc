// What the runs found out about themselves, and what became of those that did not complete.
#include "client/render/findings.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/health_codes.h"
#include "client/render/runs.h"
#include "client/report/sections.h"

namespace fp4::client::report {
namespace {

// Of one variant and code, over its runs.
struct Finding {
  std::string variant;
  std::vector<v1::Health> health;
  std::set<std::string> runs;
};

std::vector<Finding> FindingsOf(const Data& data) {
  std::vector<Finding> findings;
  for (const RunData& run : data.runs) {
    for (const v1::Health& health : run.run.health()) {
      auto same = std::ranges::find_if(findings, [&](const Finding& one) {
        return one.variant == run.run.variant() && one.health.front().code() == health.code();
      });
      if (same == findings.end()) {
        same = findings.insert(findings.end(), {run.run.variant(), {}, {}});
      }
      same->health.push_back(health);
      same->runs.insert(run.run.id());
    }
  }
  return findings;
}

// The table marks fields as Markdown does, which is not read here.
std::string Advice(const health_code::HealthCode& row) {
  return absl::StrReplaceAll(absl::StrCat("Try: ", std::string(row.advice), "."), {{"`", "'"}});
}

Statements FindingStatements(const std::vector<Finding>& findings) {
  Statements statements;
  for (const Finding& finding : findings) {
    const v1::Health& first = finding.health.front();
    const health_code::HealthCode* row = health_code::Find(first.code());
    statements.items.push_back(
        {.kind = first.severity(),
         .subject = finding.variant,
         .text = absl::StrCat(DescribeFinding(finding.health), " (", finding.runs.size(),
                              finding.runs.size() == 1 ? " run)" : " runs)"),
         .detail = row == nullptr ? "" : Advice(*row)});
  }
  return statements;
}

bool IsTold(const v1::Run& run) { return run.state() != v1::RUN_STATE_COMPLETED; }

Table UnfinishedRuns(const Data& data) {
  Table table{.columns = {{"run"},
                          {"variant"},
                          {"seed", true, false},
                          {"state"},
                          {"step", true, false},
                          {"reason"},
                          {"message", false, true}},
              .rows = {}};
  for (const RunData& one : data.runs) {
    const v1::Run& run = one.run;
    if (!IsTold(run)) continue;
    table.rows.push_back({run.id(), run.variant(), absl::StrCat(run.seed()), StateName(run.state()),
                          absl::StrCat(run.step(), " of ", run.total_steps()), run.reason(),
                          run.message()});
  }
  return table;
}

}  // namespace

Section FindingsSection(const Data& data) {
  Section section{.id = "findings", .title = "Findings"};
  const std::vector<Finding> findings = FindingsOf(data);
  if (findings.empty()) {
    section.blocks.push_back(Paragraph{"The runs' health checks found nothing."});
  } else {
    section.blocks.push_back(FindingStatements(findings));
  }
  if (Table table = UnfinishedRuns(data); !table.rows.empty()) {
    section.blocks.push_back(Heading{"Runs that did not complete"});
    section.blocks.push_back(std::move(table));
  }
  for (const RunData& one : data.runs) {
    const v1::Run& run = one.run;
    if (run.state() != v1::RUN_STATE_FAILED || run.stderr_tail().empty()) continue;
    section.blocks.push_back(Code{
        absl::StrCat("Last words of ", run.id(), " (", RunLabel(run.variant(), run.seed()), ")"),
        run.stderr_tail()});
  }
  return section;
}

}  // namespace fp4::client::report
