// What nearly every file reads, directly or through a header of base/ or spec/; precompiled once
// for all targets without a precompiled header of their own (cmake/Fp4Precompiled.cmake). What is
// slow and needed by few is not here: gRPC, nlohmann/json.hpp, CLI11. Each file still includes what
// it uses, so that it also compiles without this.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
