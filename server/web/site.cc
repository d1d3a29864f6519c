#include "server/web/site.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/reasons.h"
#include "base/sha256.h"
#include "page/live/files.h"
#include "server/web/answer.h"

namespace fp4::web {
namespace {

struct File {
  std::string_view name, content_type, text;
};
constexpr std::string_view kScript = "text/javascript; charset=utf-8";
constexpr std::string_view kStyle = "text/css; charset=utf-8";

std::vector<File> Files() {
  using namespace page::live;  // NOLINT: the list of its texts
  return {{"style.css", kStyle, kStyleCss},
          {"icon.svg", "image/svg+xml", kIconSvg},
          {"licenses.txt", "text/plain; charset=utf-8", kLicensesTxt},
          {"dygraph.js", kScript, kDygraphJs},
          {"dygraph.css", kStyle, kDygraphCss},
          {"api.js", kScript, kApiJs},
          {"app.js", kScript, kAppJs},
          {"chart.js", kScript, kChartJs},
          {"comparison.js", kScript, kComparisonJs},
          {"controls.js", kScript, kControlsJs},
          {"curves.js", kScript, kCurvesJs},
          {"documents.js", kScript, kDocumentsJs},
          {"dom.js", kScript, kDomJs},
          {"experiment.js", kScript, kExperimentJs},
          {"experiments.js", kScript, kExperimentsJs},
          {"format.js", kScript, kFormatJs},
          {"heatmap.js", kScript, kHeatmapJs},
          {"layers.js", kScript, kLayersJs},
          {"live.js", kScript, kLiveJs},
          {"login.js", kScript, kLoginJs},
          {"palette.js", kScript, kPaletteJs},
          {"pareto.js", kScript, kParetoJs},
          {"queue.js", kScript, kQueueJs},
          {"run.js", kScript, kRunJs},
          {"scores.js", kScript, kScoresJs},
          {"search.js", kScript, kSearchJs},
          {"state.js", kScript, kStateJs},
          {"workers.js", kScript, kWorkersJs}};
}

// The first parts of the page's own paths; page/live/app.js says what they show.
constexpr std::string_view kPages[] = {"", "experiments", "runs", "queue", "workers"};

bool IsPage(std::string_view path) {
  path.remove_prefix(1);
  return std::ranges::find(kPages, path.substr(0, path.find('/'))) != std::end(kPages);
}

telemetry::HttpResponse Text(std::string_view content_type, std::string_view text,
                             std::string_view caching) {
  return {.content_type = std::string(content_type),
          .body = std::string(text),
          .headers = {{"Cache-Control", std::string(caching)}}};
}

}  // namespace

Site::Site() {
  std::string all;
  for (const File& file : Files()) absl::StrAppend(&all, std::string(file.text));
  folder_ = absl::StrCat("/assets/", Sha256Hex(all).substr(0, 16), "/");
  page_ = absl::StrReplaceAll(std::string(page::live::kIndexHtml), {{"{{assets}}", folder_}});
  page_tag_ = absl::StrCat("\"", Sha256Hex(page_).substr(0, 16), "\"");
}

telemetry::HttpResponse Site::Find(const telemetry::HttpRequest& request) const {
  if (IsPage(request.path)) {
    telemetry::HttpResponse answer = Text("text/html; charset=utf-8", page_, "no-cache");
    answer.headers.emplace_back("ETag", page_tag_);
    if (request.Header("if-none-match") != page_tag_) return answer;
    answer.status = 304;
    answer.body.clear();
    return answer;
  }
  if (request.path.starts_with(folder_)) {
    const std::string_view name = std::string_view(request.path).substr(folder_.size());
    for (const File& file : Files()) {
      if (file.name == name) {
        return Text(file.content_type, file.text, "public, max-age=31536000, immutable");
      }
    }
  }
  return ErrorAnswer(ErrorWithReason(absl::StatusCode::kNotFound, reason::kNotFound,
                                     absl::StrCat("there is no ", request.path, " here")));
}

}  // namespace fp4::web
