// Whether variants differ in more than was meant to be compared. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "server/core/variant_document.h"

namespace fp4::core {

// A sentence for each variant that differs from the reference in what it learns, and not in one
// section of the document alone: a variant that changes the precision and the model as well shows
// the effect of both. Names every field beside those of the section that is meant ("precision"
// where that differs, else none), with both values, and how many weights the model has more or
// less. Fields that change nothing of what is learnt (checkpoints, resources, retries, how often
// something is logged) do not count. `reference` is one of `variants`.
std::vector<std::string> UnintendedDifferences(std::span<const VariantDocument> variants,
                                               const std::string& reference);

}  // namespace fp4::core
