// Whether values are what the definition of the document (spec/fields.h) says: kinds, ranges,
// choices, names.
#pragma once

#include "spec/field.h"
#include "spec/problems.h"

namespace fp4::spec {

enum class CheckAs : uint8_t {
  kDocument,  // required fields must be there
  kPart,      // a piece of a document, to be merged: none is required
  kPatch,     // as kPart, and null is allowed: back to the default
};

// True when `node` is all right. `with_unbuilt`: see ReadOptions.
bool Check(const Node& node, const Type& type, const Path& path, CheckAs as, Problems& problems,
           bool with_unbuilt = false);

// "; did you mean …; allowed: …" for a field that `object` does not have.
std::string UnknownFieldHint(const Type& object, std::string_view name);

}  // namespace fp4::spec
