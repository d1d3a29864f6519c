// Lists as they lie in columns: JSON arrays.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/core/cluster_state.h"
#include "server/core/slot.h"

namespace fp4::store {

std::string FormatStrings(const std::vector<std::string>& values);
std::vector<std::string> ParseStrings(const std::string& json);

std::string FormatIntegers(const std::vector<int32_t>& values);
std::vector<int32_t> ParseIntegers(const std::string& json);

// What is not finite is a string: "NaN", "Infinity", "-Infinity".
std::string FormatNumbers(const std::vector<double>& values);
std::vector<double> ParseNumbers(const std::string& json);

std::string FormatSlots(const std::vector<core::Slot>& slots);
std::vector<core::Slot> ParseSlots(const std::string& json);

// "", "finish", "now".
const char* DrainName(core::Drain drain);
core::Drain DrainFromName(const std::string& name);

// "auto", "fp32", "bf16".
const char* ComputeDtypeName(spec::ComputeDtype dtype);
spec::ComputeDtype ComputeDtypeFromName(const std::string& name);

}  // namespace fp4::store
