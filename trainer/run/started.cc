#include "trainer/run/started.h"

#include <nlohmann/json.hpp>

#include "base/version.h"
#include "spec/layers.h"

namespace fp4::trainer {

spec::StartedEvent MakeStartedEvent(const StartedFacts& facts, const spec::RunSpec& run,
                                    const std::string& document) {
  nlohmann::ordered_json json = {
      {"version", std::string(Version())},
      {"git_revision", std::string(GitRevision())},
      {"torch_version", facts.torch_version},
      {"device", facts.device},
      {"device_name", facts.device_name},
      {"instruction_set", facts.instruction_set},
      {"threads", facts.threads},
      {"compute_dtype", facts.compute_dtype},
      {"data_sha256", facts.data_sha256},
      {"num_parameters", facts.num_parameters},
      {"tokens_per_step", facts.tokens_per_step},
      {"resumed_from_step", facts.resumed_from_step},
  };
  if (facts.processes > 1) json["processes"] = facts.processes;
  json["document"] = nlohmann::ordered_json::parse(document);
  json["layers"] = nlohmann::ordered_json::parse(spec::LayerTableJson(run));
  return {json.dump()};
}

}  // namespace fp4::trainer
