#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/context.h"

namespace fp4::client {

// What a place of the command line takes.
inline constexpr std::string_view kExperimentIds = "experiment";
inline constexpr std::string_view kRunIds = "run";
inline constexpr std::string_view kAnyIds = "any";  // of experiments and runs
inline constexpr std::string_view kWorkerNames = "worker";

std::vector<std::string> IdKinds();

// The newest ones that the controller knows, for somebody who waits with a finger on a key: nothing
// when it does not answer within half a second, or at all.
std::vector<std::string> CompletionIds(const Context& context, std::string_view kind);

}  // namespace fp4::client
