#include "client/report/report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/render/runs.h"
#include "client/report/sections.h"

namespace fp4::client::report {
namespace {

using MakeSection = Section (*)(const Data&);
constexpr MakeSection kSections[] = {
    ResultsSection, CurvesSection,   CostsSection,       LayersSection,    SensitivitySection,
    AdviceSection,  FindingsSection, EnvironmentSection, DocumentsSection, ReproductionSection};

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

std::string RunsText(const v1::Experiment& experiment) {
  int completed = 0;
  for (const v1::Run& run : experiment.runs()) {
    completed += run.state() == v1::RUN_STATE_COMPLETED ? 1 : 0;
  }
  return absl::StrCat(completed, " of ", experiment.runs_size(),
                      experiment.runs_size() == 1 ? " run" : " runs", " completed");
}

}  // namespace

const v1::Series* FindCurve(const RunData& run, const std::string& name) {
  for (const v1::Series& series : run.curves) {
    if (series.name() == name) return &series;
  }
  return nullptr;
}

int StyleOf(const Data& data, const std::string& variant) {
  constexpr size_t kMostStyled = 12;
  std::vector<const v1::VariantComparison*> order;
  for (const v1::VariantComparison& one : data.comparison.variants()) order.push_back(&one);
  if (order.size() > kMostStyled) {
    const std::string& reference = data.comparison.reference();
    std::ranges::stable_sort(order, [&](const auto* a, const auto* b) {
      const bool a_first = a->name() == reference, b_first = b->name() == reference;
      if (a_first != b_first) return a_first;
      if ((a->n() > 0) != (b->n() > 0)) return a->n() > 0;
      return a->n() > 0 && a->mean() < b->mean();
    });
    order.resize(kMostStyled);
  }
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i]->name() == variant) return static_cast<int>(i);
  }
  return -1;
}

Report MakeReport(const Data& data) {
  const v1::Experiment& experiment = data.experiment;
  Report report{.title = experiment.name(), .lines = {}, .sections = {}};
  if (!experiment.description().empty()) report.lines.push_back(experiment.description());
  std::string facts =
      absl::StrCat("Experiment ", experiment.id(), " of project ", experiment.project(),
                   ", submitted ", TimeText(ToTime(experiment.create_time())));
  if (!experiment.created_by().empty()) absl::StrAppend(&facts, " by ", experiment.created_by());
  if (experiment.labels_size() > 0) {
    absl::StrAppend(&facts, "; labels ", absl::StrJoin(experiment.labels(), ", "));
  }
  report.lines.push_back(facts);
  report.lines.push_back(absl::StrCat(RunsText(experiment), "; reported ", TimeText(data.made)));
  for (const MakeSection make : kSections) {
    Section section = make(data);
    if (!section.blocks.empty()) report.sections.push_back(std::move(section));
  }
  return report;
}

}  // namespace fp4::client::report
