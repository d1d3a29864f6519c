#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "base/allowed_roots.h"

namespace fp4::worker {

// Whether every file that a run's document names may be read here: data.paths,
// data.validation_paths, a tokenizer that is a file, model.initialize_from. INVALID_ARGUMENT: no
// such document; PERMISSION_DENIED names the field, the path and the flag.
absl::Status CheckDocumentPaths(std::string_view run_document, const AllowedRoots& allowed);

}  // namespace fp4::worker
