// What nearly every file of the client reads and what is slow to read; precompiled for it. What is
// slow and needed by few (gRPC, CLI11, nlohmann/json.hpp) is not here: every file that is compiled
// would pay for their templates again. Each file still includes what it uses.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "fp4/v1/experiments.pb.h"
