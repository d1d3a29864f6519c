// The comparison of a search's trials: those that trained to their ends, the best first.
#pragma once

#include <string>
#include <vector>

#include "server/core/compare.h"
#include "server/store/records.h"

namespace fp4::rpc {

// Leaves of the question's variants those with a completed run, in the order of the search's first
// metric (of equals the older point first), so that the best one is the reference unless another is
// asked for; all of them while no trial has completed. Gives what people are to know about it.
std::string ArrangeTrials(const store::SearchRecord& search, core::ComparisonQuestion& question);

}  // namespace fp4::rpc
