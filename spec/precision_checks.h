// Whether what changes precision while a run trains has something to do, and may do it.
#pragma once

#include "spec/precision.h"
#include "spec/problems.h"

namespace fp4::spec {

// Whether the table or one of its phases quantizes the weight of a layer, by the layer's number.
bool EverQuantized(const ResolvedPrecision& resolved, size_t layer);

// `section` is precision.adaptive, `path` its path; resolved.adaptive_high is complete.
void CheckAdaptive(const Node& section, const Path& path, const ResolvedPrecision& resolved,
                   Problems& problems);

// `section` is precision.de_oscillation, `path` its path.
void CheckDeOscillation(const Node& section, const Path& path, const RunSpec& run,
                        const ResolvedPrecision& resolved, Problems& problems);

}  // namespace fp4::spec
