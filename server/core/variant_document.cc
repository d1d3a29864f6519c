#include "server/core/variant_document.h"

#include "spec/document.h"

namespace fp4::core {

std::optional<spec::RunSpec> RunOf(const VariantDocument& variant) {
  spec::ReadResult result = spec::ReadExperiment(variant.resolved_document, {},
                                                 {.base_folder = "", .with_unbuilt = true});
  if (!result.ok() || result.experiment.variants.empty()) return std::nullopt;
  return std::move(result.experiment.variants[0].run);
}

}  // namespace fp4::core
