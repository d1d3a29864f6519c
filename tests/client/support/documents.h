// Experiments, runs and events as a controller would give them.
#pragma once

#include <string>
#include <vector>

#include "fp4/v1/experiments.pb.h"

namespace fp4::client {

// An experiment "demo" (id "k7x2m9qd") with one queued run of 40 steps for each variant, seed 1;
// run ids "run0000a", ….
v1::Experiment MakeExperiment(const std::vector<std::string>& variants);

// Events without a cursor, `second` seconds after 2026-01-02T03:04:05Z.
v1::Event MetricsAt(const std::string& run, int64_t seq, int64_t step, double loss, int second);
v1::Event StateTo(const std::string& run, v1::RunState state, const std::string& reason = "");
v1::Event FrozenLayer(const std::string& run, int64_t seq, const std::string& layer);

}  // namespace fp4::client
