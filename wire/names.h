// The names by which people and JSON know the wire's enumerators.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fp4/v1/experiments.pb.h"

namespace fp4::wire {

// "queued", "running", …: the enumerator without its prefix.
std::string StateName(v1::RunState state);
// The inverse; nothing for an unknown name.
std::optional<v1::RunState> StateOfName(const std::string& name);

// What compare takes as `at`: "steps", "tokens", "time", "bytes"; "end" when nothing was asked for.
std::string AxisName(v1::ComparisonAxis axis);
// The inverse; nothing for an unknown name.
std::optional<v1::ComparisonAxis> AxisOfName(const std::string& name);
// All but "end".
std::vector<std::string> AxisNames();

}  // namespace fp4::wire
