#include "client/render/findings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/health_codes.h"
#include "client/render/layer_groups.h"

namespace fp4::client {
namespace {

// What several events of one code have in common; one event speaks for itself.
std::string Meaning(const std::string& code) {
  const health_code::HealthCode* row = health_code::Find(code);
  return row == nullptr ? "" : std::string(row->summary);
}

std::vector<std::string> DistinctLayers(const std::vector<v1::Health>& health) {
  std::vector<std::string> layers;
  for (const v1::Health& finding : health) {
    const std::string layer = Printable(finding.layer());
    if (!layer.empty() && std::find(layers.begin(), layers.end(), layer) == layers.end()) {
      layers.push_back(layer);
    }
  }
  return layers;
}

std::vector<std::vector<v1::Health>> ByCode(const std::vector<v1::Health>& health) {
  std::vector<std::vector<v1::Health>> groups;
  for (const v1::Health& finding : health) {
    auto same = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      return group.front().code() == finding.code();
    });
    if (same == groups.end()) {
      groups.push_back({finding});
    } else {
      same->push_back(finding);
    }
  }
  return groups;
}

}  // namespace

std::string DescribeFinding(const std::vector<v1::Health>& health) {
  const v1::Health& first = health.front();
  const std::vector<std::string> layers = DistinctLayers(health);
  std::string text = absl::StrCat(first.code(), " (", first.severity(), ")");
  if (!layers.empty()) absl::StrAppend(&text, " in ", absl::StrJoin(GroupLayers(layers), ", "));
  const std::string meaning = layers.size() > 1 ? Meaning(first.code()) : "";
  const std::string message = meaning.empty() ? Printable(first.message()) : meaning;
  return message.empty() ? text : absl::StrCat(text, ": ", message);
}

std::string RenderFindings(const std::string& subject, const std::vector<v1::Health>& health,
                           const Layout& layout) {
  std::string text;
  for (const auto& group : ByCode(health)) {
    const std::string mark = absl::StrCat(std::string(GlyphsFor(layout.unicode).warning), " ",
                                          Printable(subject), subject.empty() ? "" : ": ");
    const Color color = group.front().severity() == "error" ? Color::kRed : Color::kYellow;
    const std::string line = Wrapped(mark + DescribeFinding(group), layout.width, 2);
    absl::StrAppend(&text, Colored(line, color, layout.color), "\n");
  }
  return text;
}

}  // namespace fp4::client
