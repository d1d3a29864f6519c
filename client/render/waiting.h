#pragma once

#include <string>
#include <vector>

#include "fp4/v1/types.pb.h"

namespace fp4::client {

// Why runs wait, for people: "3 runs wait: no worker is connected", a line for each of `reasons`
// with how many gave it, the most frequent first. Empty reasons do not count.
std::vector<std::string> WaitingLines(const std::vector<std::string>& reasons);

// The same of the queued ones among `runs`, as the controller explains them.
std::vector<std::string> WaitingLines(const std::vector<v1::Run>& runs);

}  // namespace fp4::client
