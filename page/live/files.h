// The live page's files, compiled in. server/web/site.cc serves them.
#pragma once

#include <string_view>

namespace fp4::page::live {

extern const std::string_view kIndexHtml;  // with {{assets}}, the folder of the others
extern const std::string_view kStyleCss, kIconSvg, kLicensesTxt;
// Modules.
extern const std::string_view kApiJs;
extern const std::string_view kAppJs;
extern const std::string_view kChartJs;
extern const std::string_view kComparisonJs;
extern const std::string_view kControlsJs;
extern const std::string_view kCurvesJs;
extern const std::string_view kDocumentsJs;
extern const std::string_view kDomJs;
extern const std::string_view kExperimentJs;
extern const std::string_view kExperimentsJs;
extern const std::string_view kFormatJs;
extern const std::string_view kHeatmapJs;
extern const std::string_view kLayersJs;
extern const std::string_view kLiveJs;
extern const std::string_view kLoginJs;
extern const std::string_view kPaletteJs;
extern const std::string_view kParetoJs;
extern const std::string_view kQueueJs;
extern const std::string_view kRunJs;
extern const std::string_view kScoresJs;
extern const std::string_view kSearchJs;
extern const std::string_view kStateJs;
extern const std::string_view kWorkersJs;
// dygraphs, of the system's package.
extern const std::string_view kDygraphJs, kDygraphCss;

}  // namespace fp4::page::live
