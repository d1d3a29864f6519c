#pragma once

#include <string>
#include <vector>

#include "spec/run_spec.h"
#include "trainer/run/options.h"

namespace fp4::trainer {

struct SelectedRun {
  spec::RunSpec run;
  std::string document;               // the run's own, resolved, canonical
  std::vector<std::string> problems;  // one line each; not empty: there is no run
};

// Reads options.document and takes the run of options.variant and options.seed from it, each of
// which may be left out where the document has only one.
SelectedRun SelectRun(const Options& options);

// Whether two resolved documents describe the same training, whatever their spacing, order, names,
// notes and priorities.
bool SameDocument(const std::string& a, const std::string& b);

}  // namespace fp4::trainer
