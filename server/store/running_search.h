// A search as the writer has it in memory: what its next decisions are made from.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "server/core/search/rungs.h"
#include "server/core/search/trial.h"
#include "server/store/lookup.h"
#include "spec/document.h"

namespace fp4::store {

struct RunningSearch {
  Key key;                      // of the experiment
  spec::Experiment experiment;  // with its search
  std::string created_by;
  std::string document;  // as submitted
  std::vector<std::string> overrides;
  int64_t next_trial = 0;   // the first that has not been looked at
  int64_t num_invalid = 0;  // passed over
  std::string ended;        // why no further trial is made; empty: some are still to come
  int64_t num_reports = 0;  // at rungs, so far
  std::vector<std::vector<core::Rung>> rungs = {};  // by group and rung
  std::map<int64_t, size_t> next_rung = {};         // by trial; absent: the first

  const spec::SearchSpec& search() const { return *experiment.search; }
};

}  // namespace fp4::store
