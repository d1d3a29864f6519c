// A variant as the store has it.
#pragma once

#include <optional>
#include <string>

#include "spec/run_spec.h"

namespace fp4::core {

struct VariantDocument {
  std::string name;
  std::string resolved_document;  // spec::Variant's
};

// What the document describes; nothing when this release cannot read it any more.
std::optional<spec::RunSpec> RunOf(const VariantDocument& variant);

}  // namespace fp4::core
