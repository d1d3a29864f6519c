// Short ways to read documents in tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "spec/document.h"

namespace fp4::spec {

// The experiment of a document that must be without fault.
inline Experiment ReadGood(const std::string& text, const std::vector<std::string>& overrides = {},
                           const std::string& folder = "/data") {
  ReadResult result = ReadExperiment(text, overrides, {.base_folder = folder});
  for (const Problem& problem : result.problems) ADD_FAILURE() << problem.ToString("document");
  return std::move(result.experiment);
}

// The only run of a document without variants.
inline RunSpec ReadRun(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return ReadGood(text, overrides).variants.at(0).run;
}

inline const LayerPrecision& LayerOf(const RunSpec& run, const std::string& name) {
  for (const LayerPrecision& layer : run.layers) {
    if (layer.layer == name) return layer;
  }
  ADD_FAILURE() << "no layer " << name;
  return run.layers.front();
}

}  // namespace fp4::spec
