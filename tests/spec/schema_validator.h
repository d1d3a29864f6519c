// A validator for the part of JSON Schema (draft 7) that our schema uses, so that tests can ask it
// what an editor would say.
#pragma once

#include <nlohmann/json.hpp>

namespace fp4::spec {

// Whether `value` is valid against `schema`, whose references point into `root`. A keyword that is
// not known here throws std::logic_error: the schema has grown, and so must this.
bool IsValid(const nlohmann::json& root, const nlohmann::json& schema, const nlohmann::json& value);

}  // namespace fp4::spec
