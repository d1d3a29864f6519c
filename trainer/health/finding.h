// What a check of a run's health says, and what has been said already.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace fp4::trainer {

struct Finding {
  std::string_view code;  // a row of base/health_codes.h, which knows its severity
  std::string layer;      // "" when it is about the run as a whole
  std::string message;    // a sentence with the numbers, without a full stop
};

// Layers by code, so that a finding is reported once a run, over all its attempts.
using ReportedFindings = std::map<std::string, std::set<std::string>, std::less<>>;

}  // namespace fp4::trainer
