// "optimizer.learning_rate=3e-4": a value for one field, over what document and variant say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/problems.h"

namespace fp4::spec {

struct Override {
  std::vector<std::string> steps;  // "optimizer", "learning_rate"
  Node value;                      // JSON where the text is JSON, else a string
  bool valid = false;
};

// Reads and checks an override against the definition of the document. `source` names its text, and
// must outlive the nodes made of it.
Override ReadOverride(const Source& source, Problems& problems);

// Sets the value in a document, making the sections on the way.
void Apply(const Override& override, Node& document);

}  // namespace fp4::spec
