// What makes the runs of an experiment hard to compare, in sentences for people. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "server/core/run_result.h"

namespace fp4::core {

// "runs differ in threads: 1 (3 runs), 2 (6 runs)": in compute type, threads, instruction set,
// device, data and machine; runs that do not say are left out.
std::vector<std::string> WarnOfDifferentPlaces(std::span<const RunResult> runs);

// Runs whose attempts were not computed alike: "fp4, seed 2, went on under other threads: 1, then
// 2". Their numbers are not those of a run that was never stopped.
std::vector<std::string> WarnOfChangesOnResume(std::span<const RunResult> runs);

// Completed runs whose curves end at different tokens (or steps, where a run does not say how many
// tokens a step has): "runs end after different numbers of tokens: 100 (3 runs), 200 (3 runs)".
std::vector<std::string> WarnOfDifferentEnds(std::span<const RunResult> runs);

}  // namespace fp4::core
