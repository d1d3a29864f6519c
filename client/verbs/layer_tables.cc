#include "client/verbs/layer_tables.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "spec/layers.h"

namespace fp4::client {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string FormatLayerTables(const spec::Experiment& experiment) {
  const size_t runs = experiment.variants.size() * experiment.seeds.size();
  std::string text = absl::StrCat(experiment.name, ": ", runs, runs == 1 ? " run" : " runs", ", ",
                                  experiment.variants.size(),
                                  experiment.variants.size() == 1 ? " variant" : " variants",
                                  ", seeds ", absl::StrJoin(experiment.seeds, ", "), "\n");
  for (const spec::Variant& variant : experiment.variants) {
    absl::StrAppend(&text, "\n", variant.name, "\n", spec::FormatLayerTable(variant.run));
    if (!text.ends_with('\n')) text += "\n";
  }
  return text;
}

std::string LayerTablesJson(const spec::Experiment& experiment) {
  Json variants = Json::array();
  for (const spec::Variant& variant : experiment.variants) {
    variants.push_back({{"name", variant.name},
                        {"layers", Json::parse(spec::LayerTableJson(variant.run))},
                        {"document", Json::parse(variant.resolved_document)}});
  }
  const Json json = {{"valid", true},
                     {"name", experiment.name},
                     {"seeds", experiment.seeds},
                     {"num_runs", experiment.seeds.size() * experiment.variants.size()},
                     {"variants", variants}};
  return json.dump();
}

std::string ProblemsJson(const std::vector<spec::Problem>& problems) {
  Json errors = Json::array();
  for (const spec::Problem& problem : problems) {
    errors.push_back({{"path", problem.path},
                      {"line", problem.line},
                      {"column", problem.column},
                      {"message", problem.message}});
  }
  const Json json = {{"valid", false}, {"errors", errors}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace fp4::client
