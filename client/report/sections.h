// The parts of a report, one file each. Every function is pure; a section without blocks is left
// out of the report.
#pragma once

#include "client/report/content.h"
#include "client/report/data.h"
#include "page/svg/heat_map.h"

namespace fp4::client::report {

Section ResultsSection(const Data& data);       // verdicts, the table, paired differences
Section CurvesSection(const Data& data);        // means over seeds with their intervals
Section CostsSection(const Data& data);         // Pareto fronts, speed, memory by part
Section LayersSection(const Data& data);        // heat maps of layers over steps
Section SensitivitySection(const Data& data);   // heat maps of predicted changes of the loss
Section AdviceSection(const Data& data);        // predicted and measured gains of moves
Section FindingsSection(const Data& data);      // with advice; runs that did not complete
Section EnvironmentSection(const Data& data);   // machines, versions, threads
Section DocumentsSection(const Data& data);     // resolved documents and their differences
Section ReproductionSection(const Data& data);  // command lines, revision, hashes

// Of a variant, for colours: its place in the document, and -1 for those that come after the first
// dozen (the reference and the best), which are drawn in grey.
int StyleOf(const Data& data, const std::string& variant);

// Heat maps side by side in the colours of one scale, which is drawn before the first of them.
// `titles` has one for each of the maps, of which there is at least one.
Pictures HeatMapsOfOneScale(std::vector<page::svg::HeatMap> maps,
                            const std::vector<std::string>& titles);

}  // namespace fp4::client::report
